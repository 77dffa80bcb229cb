// SPDX-License-Identifier: MIT
// vcpu-events: an event comes on the vCPU that its port belongs to, handlers run there, and each vCPU waits for itself.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>

#define SOON (pv_time_ns() + 5 * PV_SECOND_NS)
#define ROUNDS 1000

static char stacks[2][16384] __attribute__((aligned(16)));
static unsigned handled_on[3], answers;
static pv_evtchn_port_t ping, pong, moved, sender;
static bool is_over;

static void count(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    handled_on[pv_vcpu_id()]++;
}

// Lives in its handlers, as an idle kernel does.
static void idle(void *unused)
{
    (void)unused;
    while (!PV_READ_ONCE(is_over))
        pv_event_block();
}

// Waits without handlers.
static void answer_pings(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pv_event_wait(ping);
        answers++;
        pv_event_send(pong);
    }
}

static bool becomes(const unsigned *word, unsigned value)
{
    const uint64_t deadline = SOON;
    while (PV_READ_ONCE(*word) != value && pv_time_ns() < deadline)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    return PV_READ_ONCE(*word) == value;
}

static void check_ping_pong(void)
{
    ping = (pv_evtchn_port_t)pv_event_bind_ipi(1);
    pong = (pv_evtchn_port_t)pv_event_bind_ipi(0);
    CHECK_EQUAL(pv_vcpu_start(1, answer_pings, NULL, stacks[0], sizeof stacks[0]), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        pv_event_send(ping);
        if (!pv_event_wait_until(pong, SOON)) {
            CHECK(!"an event was lost");
            break;
        }
    }
    CHECK_EQUAL(answers, ROUNDS);
}

static void check_handlers(void)
{
    const pv_evtchn_port_t ipi = (pv_evtchn_port_t)pv_event_bind_ipi(2);
    const int unbound = pv_event_alloc_unbound(PV_DOMID_SELF);
    const int other = pv_event_bind_interdomain(PV_DOMID_SELF, (pv_evtchn_port_t)unbound);
    if (unbound < 0 || other < 0)
        report_error("a channel to oneself", other);
    moved = (pv_evtchn_port_t)unbound;
    sender = (pv_evtchn_port_t)other;
    CHECK_EQUAL(pv_event_handle(ipi, count, NULL, 0), 0);
    CHECK_EQUAL(pv_event_handle(moved, count, NULL, 0), 0);
    CHECK_EQUAL(pv_vcpu_start(2, idle, NULL, stacks[1], sizeof stacks[1]), 0);
    pv_irq_enable();

    pv_event_send(ipi);
    CHECK(becomes(&handled_on[2], 1));
    CHECK_EQUAL(handled_on[0], 0);

    pv_event_send(sender);
    CHECK(becomes(&handled_on[0], 1));
    CHECK_EQUAL(pv_event_move(moved, 2), 0);
    pv_event_send(sender);
    CHECK(becomes(&handled_on[2], 2));
    CHECK_EQUAL(pv_event_move(moved, 1), 0); // to one that is down: it waits
    pv_event_send(sender);
    CHECK_EQUAL(pv_event_move(moved, 0), 0); // and comes when it is moved back
    CHECK(becomes(&handled_on[0], 2));
    CHECK_EQUAL(handled_on[2], 2);
    CHECK_EQUAL(handled_on[1], 0);

    PV_WRITE_ONCE(is_over, true);
    pv_event_send(ipi);
    const uint64_t deadline = SOON;
    while (pv_vcpu_is_up(2) && pv_time_ns() < deadline)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    CHECK(!pv_vcpu_is_up(2));
    CHECK_EQUAL(pv_event_move(ipi, 0), -PV_EINVAL);
}

static void check_refusals(void)
{
    CHECK_EQUAL(pv_event_bind_ipi(3), -PV_ENOENT);
    CHECK_EQUAL(pv_event_bind_ipi(0xffffffff), -PV_ENOENT);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_TIMER, 3), -PV_ENOENT);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_DOM_EXC, 1), -PV_EINVAL); // one per domain
    const int debug = pv_event_bind_virq(PV_VIRQ_DEBUG, 2);         // one per vCPU
    CHECK(debug > 0);
    CHECK_EQUAL(pv_event_bind_virq(PV_VIRQ_DEBUG, 2), -PV_EEXIST);
    CHECK_EQUAL(pv_event_move((pv_evtchn_port_t)debug, 1), -PV_EINVAL);
    CHECK_EQUAL(pv_event_move(moved, 3), -PV_ENOENT);
    CHECK_EQUAL(pv_event_move(4095, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_event_move(4096, 0), -PV_EINVAL);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_ping_pong();
    check_handlers();
    check_refusals();
    return report_end();
}
