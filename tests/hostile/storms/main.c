// SPDX-License-Identifier: MIT
// storms: events, timers, store requests, console text and empty calls, all as fast as they go and all at once.
//
// Each has a limit of its own; together they must not add up to more than the attacker's share of the monitor.

#include "hostile.h"

#include <pv/event.h>
#include <pv/hypercall.h>

#define STORM_NS (PV_SECOND_NS / 2)
#define LINES 200

static int attack(void)
{
    const int port = must("making a port", pv_event_bind_ipi(0));
    const uint64_t end = pv_time_ns() + STORM_NS;
    for (unsigned i = 0; pv_time_ns() < end; i++) {
        for (unsigned k = 0; k < 64; k++)
            CHECK_EQUAL(pv_event_send((pv_evtchn_port_t)port), 0);
        for (unsigned k = 0; k < 64; k++)
            CHECK_EQUAL(pv_set_timer_op(k % 3 == 0 ? 1 : pv_time_ns() + k), 0);
        CHECK_EQUAL(pv_xs_printf(PV_XS_NO_TRANSACTION, "data/storm", "%u", i), 0);
        pv_nop();
        if (i < LINES)
            pv_printf("storm %u\n", i);
    }
    CHECK_EQUAL(pv_set_timer_op(0), 0);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
