// SPDX-License-Identifier: MIT
// sched-block: SCHEDOP_block unmasks and waits in one step.
//
// Every idle loop looks for work with events masked and then blocks. An event that came in between must end the wait at
// once: were unmasking and waiting two steps, the guest would sleep beside its work.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/sched.h>

static volatile unsigned calls;
static volatile uint64_t again_ns; // the handler arms the timer once more

static void handler(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    calls++;
    if (again_ns)
        pv_set_timer_op(pv_time_ns() + again_ns);
}

static int make(int port)
{
    if (port < 0)
        report_error("making a port", port);
    CHECK_EQUAL(pv_event_handle((pv_evtchn_port_t)port, handler, NULL, 0), 0);
    return port;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const pv_evtchn_port_t self = (pv_evtchn_port_t)make(pv_event_bind_ipi(0));
    make(pv_event_bind_virq(PV_VIRQ_TIMER, 0));

    // What came while masked ends it at once, each time.
    for (unsigned i = 1; i <= 1000; i++) {
        pv_irq_disable();
        pv_event_send(self);
        CHECK_EQUAL(calls, i - 1);
        CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_BLOCK, NULL), 0);
        CHECK_EQUAL(calls, i);
        CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_mask, 0);
    }

    // An event that comes later wakes, and is delivered before the call returns.
    for (unsigned i = 0; i < 10; i++) {
        pv_irq_disable(); // or it might come before we block, and nothing else would wake us
        calls = 0;
        const uint64_t deadline = pv_time_ns() + PV_MILLISECOND_NS;
        pv_set_timer_op(deadline);
        CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_BLOCK, NULL), 0);
        CHECK_EQUAL(calls, 1);
        CHECK(pv_time_ns() >= deadline);
    }

    // The same where upcalls are not masked before. One may come too early, so each arms the timer for the next.
    again_ns = PV_MILLISECOND_NS;
    for (unsigned i = 0; i < 10; i++) {
        const unsigned before = calls;
        pv_set_timer_op(pv_time_ns() + again_ns);
        CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_BLOCK, NULL), 0);
        CHECK(calls > before);
    }
    pv_irq_disable();
    again_ns = 0;
    pv_set_timer_op(0);
    pv_irq_enable(); // takes the one that may be pending

    // A masked port's event does not wake: the timer behind it does.
    pv_irq_disable();
    calls = 0;
    pv_event_mask(self);
    pv_event_send(self);
    const uint64_t deadline = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    pv_set_timer_op(deadline);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_BLOCK, NULL), 0);
    CHECK(pv_time_ns() >= deadline);
    CHECK_EQUAL(calls, 1);
    pv_event_unmask(self);
    CHECK_EQUAL(calls, 2);
    pv_irq_disable();
    return report_end();
}
