// SPDX-License-Identifier: MIT
// Internal: what front ends of every kind of device do alike. Answers are 0 or more, or a negated PV_E*.
#pragma once

#include <pv/xenbus.h>
#include <pv/xenstore.h>

#include <pvabi/grant_table.h>

// States 1, (2): makes the back end ready for us, whatever an earlier kernel left. The one in brackets is the other half's.
int pv_front_begin(const struct pv_xenbus_device *device);

// States 3, (4): `write_details` tells the back end what it needs, all of it or nothing. What the back end tells is there
// afterwards; then pv_xenbus_set_state to 4. -PV_EIO if it does not connect.
int pv_front_connect(const struct pv_xenbus_device *device, int (*write_details)(pv_xs_transaction, void *), void *context);

// States 5, (5 or 6), 6, (6, or 2: ready for the next).
int pv_front_disconnect(const struct pv_xenbus_device *device);

// Says that nobody is here, without waiting for one who may never answer.
void pv_front_give_up(const struct pv_xenbus_device *device);

int pv_front_write(pv_xs_transaction transaction, const struct pv_xenbus_device *device, const char *node, const char *value);
int pv_front_write_number(pv_xs_transaction transaction, const struct pv_xenbus_device *device, const char *node, unsigned value);

// A page, granted to the back end.
struct front_page {
    void *page; // null: none
    pv_grant_ref_t grant;
};
int pv_front_make_page(const struct pv_xenbus_device *device, bool read_only, struct front_page *made);

// The same, with the header of an empty ring at its beginning.
int pv_front_make_ring(const struct pv_xenbus_device *device, struct front_page *made);

// A page the back end still uses stays granted, and so must not be used again.
void pv_front_free_page(struct front_page *page);
