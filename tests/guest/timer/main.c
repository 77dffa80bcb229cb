// SPDX-License-Identifier: MIT
// timer: the one-shot timer fires once, and never early.
//
// A kernel's whole idea of time hangs on it. A timer that fires early makes it arm in a loop; one that fires twice counts two
// ticks; one that stays silent for a time just past stops the kernel.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

// Time enough to change one's mind before it fires, also for a vCPU that the host takes off its CPU meanwhile.
#define A_WHILE (50 * PV_MILLISECOND_NS)

static pv_evtchn_port_t port;

// True if it fires by `limit`, and then not a second time within a millisecond.
static bool fires_once_by(uint64_t limit)
{
    if (!pv_event_wait_until(port, limit))
        return false;
    return !pv_event_wait_until(port, pv_time_ns() + PV_MILLISECOND_NS);
}

static void check_not_early(void)
{
    for (unsigned i = 0; i < 20; i++) {
        const uint64_t deadline = pv_time_ns() + i * 50000;
        CHECK_EQUAL(pv_set_timer_op(deadline), 0);
        CHECK(pv_event_wait_until(port, deadline + PV_SECOND_NS));
        CHECK(pv_time_ns() >= deadline);
    }
}

static void check_once(void)
{
    pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS);
    CHECK(fires_once_by(pv_time_ns() + PV_SECOND_NS));
    pv_set_timer_op(1); // long past
    CHECK(fires_once_by(pv_time_ns() + PV_SECOND_NS));
    pv_set_timer_op(pv_time_ns()); // just past
    CHECK(fires_once_by(pv_time_ns() + PV_SECOND_NS));
}

static void check_disarm_and_replace(void)
{
    pv_set_timer_op(pv_time_ns() + A_WHILE);
    pv_set_timer_op(0);
    CHECK(!pv_event_wait_until(port, pv_time_ns() + A_WHILE + PV_MILLISECOND_NS));

    const uint64_t later = pv_time_ns() + 2 * A_WHILE;
    pv_set_timer_op(pv_time_ns() + A_WHILE);
    pv_set_timer_op(later);
    CHECK(fires_once_by(later + PV_SECOND_NS));
    CHECK(pv_time_ns() >= later);

    const uint64_t sooner = pv_time_ns() + PV_MILLISECOND_NS;
    pv_set_timer_op(pv_time_ns() + 100 * PV_SECOND_NS);
    pv_set_timer_op(sooner);
    CHECK(fires_once_by(sooner + PV_SECOND_NS));
}

static void check_vcpu_op(void)
{
    struct pv_vcpu_set_singleshot_timer request = {.timeout_abs_ns = 1, .flags = PV_VCPU_SSHOTTMR_FUTURE};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, &request), 0); // ignored, as Xen ignores it
    CHECK(fires_once_by(pv_time_ns() + PV_SECOND_NS));
    request.flags = 0;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, &request), 0);
    CHECK(fires_once_by(pv_time_ns() + PV_SECOND_NS));

    request.flags = PV_VCPU_SSHOTTMR_FUTURE;
    request.timeout_abs_ns = pv_time_ns() + A_WHILE;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, &request), 0);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_STOP_SINGLESHOT_TIMER, 0, NULL), 0);
    CHECK(!pv_event_wait_until(port, pv_time_ns() + A_WHILE + PV_MILLISECOND_NS));

    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, 0, NULL), 1);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, 1, NULL), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, 0xffffffff, NULL), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 1, &request), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(0x7f, 0, NULL), -PV_ENOSYS);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const int result = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    if (result < 0)
        report_error("bind_virq", result);
    port = (pv_evtchn_port_t)result;
    pv_event_take(port);
    check_not_early();
    check_once();
    check_disarm_and_replace();
    check_vcpu_op();
    return report_end();
}
