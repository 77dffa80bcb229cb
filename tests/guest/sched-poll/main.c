// SPDX-License-Identifier: MIT
// sched-poll: waiting for ports without handlers, with and without a time limit.
//
// Boot code and simple kernels live on it: their ports stay masked, and poll must wake for exactly those it names. It changes
// no bits, so that whoever called it can see for himself which port it was.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>

static volatile unsigned calls;

static void handler(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    calls++;
}

static long poll(const pv_evtchn_port_t *ports, unsigned count, uint64_t timeout)
{
    struct pv_sched_poll argument = {.ports = (uintptr_t)ports, .nr_ports = count, .timeout = timeout};
    return pv_sched_op(PV_SCHEDOP_POLL, &argument);
}

static void check_masked_ports(const pv_evtchn_port_t *ports)
{
    pv_event_send(ports[1]);
    CHECK_EQUAL(poll(ports, 2, 0), 0); // pending already
    CHECK(pv_test_bit(pv_shared->evtchn_pending, ports[1]));
    CHECK_EQUAL(poll(ports, 2, 1), 0); // and a limit in the past is no error
    CHECK(pv_event_take(ports[1]));

    uint64_t limit = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    CHECK_EQUAL(poll(ports, 2, limit), 0);
    CHECK(pv_time_ns() >= limit);
    CHECK(!pv_event_take(ports[0]) && !pv_event_take(ports[1]));

    pv_event_send(ports[0]); // a port that is not named does not count
    limit = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    CHECK_EQUAL(poll(ports + 1, 1, limit), 0);
    CHECK(pv_time_ns() >= limit);
    CHECK(pv_event_take(ports[0]));
}

static void check_no_ports(void)
{
    CHECK_EQUAL(poll(NULL, 0, 1), 0);
    const uint64_t limit = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    CHECK_EQUAL(poll(NULL, 0, limit), 0);
    CHECK(pv_time_ns() >= limit);
}

// The timer's port ends a wait that has no limit.
static void check_wakes(pv_evtchn_port_t timer)
{
    for (unsigned i = 0; i < 10; i++) {
        const uint64_t deadline = pv_time_ns() + PV_MILLISECOND_NS;
        pv_set_timer_op(deadline);
        CHECK_EQUAL(poll(&timer, 1, 0), 0);
        CHECK(pv_time_ns() >= deadline);
        CHECK(pv_event_take(timer));
    }
}

// An upcall ends it too, and is made before the call returns.
static void check_upcall_ends_it(pv_evtchn_port_t timer, pv_evtchn_port_t other)
{
    CHECK_EQUAL(pv_event_handle(timer, handler, NULL, 0), 0);
    pv_irq_enable();
    pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS);
    // With a limit, because on a busy host the upcall may come before the wait.
    CHECK_EQUAL(poll(&other, 1, pv_time_ns() + PV_SECOND_NS), 0);
    CHECK_EQUAL(calls, 1);
    pv_irq_disable();

    // Masked, the event may end the wait (as on Xen), but is not delivered by it.
    pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS);
    CHECK_EQUAL(poll(&other, 1, pv_time_ns() + 3 * PV_MILLISECOND_NS), 0);
    CHECK(pv_event_wait_until(other, pv_time_ns() + 3 * PV_MILLISECOND_NS) == false);
    CHECK_EQUAL(calls, 1);
    pv_irq_enable();
    CHECK_EQUAL(calls, 2);
    pv_irq_disable();
}

static void check_errors(pv_evtchn_port_t port)
{
    static pv_evtchn_port_t many[PV_SCHED_POLL_MAX_PORTS + 1];
    for (unsigned i = 0; i <= PV_SCHED_POLL_MAX_PORTS; i++)
        many[i] = port;
    pv_event_send(port);
    CHECK_EQUAL(poll(many, PV_SCHED_POLL_MAX_PORTS, 0), 0);
    pv_event_take(port);
    CHECK_EQUAL(poll(many, PV_SCHED_POLL_MAX_PORTS + 1, 1), -PV_EINVAL);
    CHECK_EQUAL(poll(many, 0xffffffff, 1), -PV_EINVAL);
    const pv_evtchn_port_t beyond[] = {port, PV_EVTCHN_2L_NR_CHANNELS};
    CHECK_EQUAL(poll(beyond, 2, 1), -PV_EINVAL);
    const pv_evtchn_port_t huge = 0xffffffff;
    CHECK_EQUAL(poll(&huge, 1, 1), -PV_EINVAL);
    CHECK_EQUAL(poll(NULL, 1, 1), -PV_EFAULT);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const int first = pv_event_bind_ipi(0), second = pv_event_bind_ipi(0), timer = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    if (first < 0 || second < 0 || timer < 0)
        report_error("binding", timer);
    const pv_evtchn_port_t ports[2] = {(pv_evtchn_port_t)first, (pv_evtchn_port_t)second};
    check_masked_ports(ports);
    check_no_ports();
    check_wakes((pv_evtchn_port_t)timer);
    check_errors(ports[0]);
    check_upcall_ends_it((pv_evtchn_port_t)timer, ports[0]);
    return report_end();
}
