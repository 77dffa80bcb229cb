// SPDX-License-Identifier: MIT
// shim-kicks: events that arrive while the shim itself is running are not lost.
//
// The shim tests for events and returns to the guest in a few instructions; an event that comes between that test and the
// return would wait for the next call, perhaps for ever. So a guest does nothing but local calls, which keeps it in the
// shim, and a timer rings as often as it can. Each ring arms the next: one lost event ends the chain, and is seen.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/xen_version.h>

#define STORM_NS (300 * PV_MILLISECOND_NS)
#define PATIENCE_NS (2 * PV_SECOND_NS)
#define STEP_NS 5000

static volatile uint64_t armed, rung, sent, received;

static void ring(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    rung++;
}

static void receive(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    received++;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const int timer = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    const int self = pv_event_bind_ipi(0);
    if (timer < 0 || self < 0)
        report_error("binding", timer < 0 ? timer : self);
    CHECK_EQUAL(pv_event_handle((pv_evtchn_port_t)timer, ring, NULL, 0), 0);
    CHECK_EQUAL(pv_event_handle((pv_evtchn_port_t)self, receive, NULL, 0), 0);
    pv_irq_enable();

    unsigned long wrong = 0;
    const uint64_t end = pv_time_ns() + STORM_NS;
    while (pv_time_ns() < end && rung == armed) {
        armed++;
        pv_set_timer_op(pv_time_ns() + STEP_NS + armed % 64 * 100);
        const uint64_t patience = pv_time_ns() + PATIENCE_NS;
        while (rung != armed && pv_time_ns() < patience)
            wrong += pv_xen_version(PV_XENVER_VERSION, NULL) != (4 << 16 | 17);
        if (armed % 16 == 0) {
            sent++;
            pv_event_send((pv_evtchn_port_t)self);
        }
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(rung, armed);
    CHECK_EQUAL(received, sent);
    CHECK(armed > 16);
    pv_irq_disable();
    return report_end();
}
