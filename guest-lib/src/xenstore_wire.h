// SPDX-License-Identifier: MIT
// Internal: one request and its answer, and the watch events that come between.
#pragma once

#include <pv/xenstore.h>

#include <pvabi/io/xs_wire.h>

// One piece of a request's payload.
struct pv_xs_part {
    const void *bytes;
    size_t size;
};

// Sends a request and waits for its answer, whose payload is copied to reply (null: not wanted) and ended with a NUL.
// Returns the payload's length, or a negated PV_E*; -PV_ENAMETOOLONG if it has size bytes or more.
int pv_xs_request(uint32_t type, pv_xs_transaction transaction, const struct pv_xs_part *parts, unsigned count, char *reply,
               size_t size);

// The same with one path.
int pv_xs_request_path(uint32_t type, pv_xs_transaction transaction, const char *path, char *reply, size_t size);

// Reads the next message if one comes before the deadline (0: none); a watch event goes to pv_xs_on_event. False: it was late.
bool pv_xs_receive(uint64_t deadline_ns);

// Who takes watch events, set once there is a watch; null: they are dropped.
extern void (*pv_xs_on_event)(const char *payload, size_t size);

struct pv_xs_part pv_xs_text(const char *text); // with its NUL
