// SPDX-License-Identifier: MIT
// What attacking front ends share: one device, connected and closed by the steps of xenbus, with rings of the attacker's own.
#pragma once

#include "hostile.h"

#include <pv/event.h>
#include <pv/xenbus.h>

static struct pv_xenbus_device device;
static int port;

static inline void write_number(const char *node, int number)
{
    char path[PV_XENBUS_PATH_SIZE + 32];
    pv_snprintf(path, sizeof path, "%s/%s", device.path, node);
    must(node, pv_xs_printf(PV_XS_NO_TRANSACTION, path, "%d", number));
}

static inline void await_backend(unsigned state)
{
    CHECK_EQUAL(pv_xenbus_wait_backend(&device, PV_XENBUS_MASK(state), PATIENCE), state);
}

// Before its nodes are written.
static inline void begin_connecting(void)
{
    pv_xenbus_set_state(&device, PV_XENBUS_STATE_INITIALISING);
    await_backend(PV_XENBUS_STATE_INIT_WAIT);
    write_number("event-channel", port);
}

// After that.
static inline void connect(void)
{
    pv_xenbus_set_state(&device, PV_XENBUS_STATE_INITIALISED);
    await_backend(PV_XENBUS_STATE_CONNECTED);
    pv_xenbus_set_state(&device, PV_XENBUS_STATE_CONNECTED);
}

static inline void stop(void)
{
    pv_xenbus_set_state(&device, PV_XENBUS_STATE_CLOSED);
    await_backend(PV_XENBUS_STATE_CLOSED);
}

static inline void ring_bell(void)
{
    CHECK_EQUAL(pv_event_send((pv_evtchn_port_t)port), 0);
}
