// SPDX-License-Identifier: MIT
// vcpu-timers: each vCPU has a one-shot and a periodic timer of its own, and may set only its own one-shot timer.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

#define PERIOD PV_MILLISECOND_NS
#define SOON (pv_time_ns() + 5 * PV_SECOND_NS)

static char stack[16384] __attribute__((aligned(16)));
static pv_evtchn_port_t ports[2];
static bool fired_in_time;

static void wait_for_own_timer(void *unused)
{
    (void)unused;
    const uint64_t deadline = pv_time_ns() + 2 * PV_MILLISECOND_NS;
    pv_set_timer_op(deadline);
    fired_in_time = pv_event_wait_until(ports[1], SOON) && pv_time_ns() >= deadline;
}

static bool comes(pv_evtchn_port_t port, uint64_t deadline)
{
    while (!pv_event_take(port)) // without sleeping: a periodic timer wakes nobody
        if (pv_time_ns() > deadline)
            return false;
    return true;
}

static void check_one_shot(void)
{
    CHECK_EQUAL(pv_vcpu_start(1, wait_for_own_timer, NULL, stack, sizeof stack), 0);
    const uint64_t deadline = SOON;
    while (pv_vcpu_is_up(1) && pv_time_ns() < deadline)
        ;
    CHECK(fired_in_time);
    CHECK(!pv_event_take(ports[0]));
    struct pv_vcpu_set_singleshot_timer request = {.timeout_abs_ns = SOON};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 1, &request), -PV_EINVAL);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_STOP_SINGLESHOT_TIMER, 1, NULL), -PV_EINVAL);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, NULL), -PV_EFAULT);
}

static void check_periodic(void)
{
    struct pv_vcpu_set_periodic_timer request = {.period_ns = PERIOD};
    const uint64_t begin = pv_time_ns();
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, &request), 0);
    for (unsigned tick = 1; tick <= 5; tick++) {
        CHECK(comes(ports[0], SOON));
        CHECK(pv_time_ns() >= begin + tick * PERIOD);
    }
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL), 0);
    pv_event_take(ports[0]);
    CHECK(!comes(ports[0], pv_time_ns() + 3 * PERIOD));
}

// A tick that was due while the vCPU slept comes once, afterwards.
static void check_sleeping(void)
{
    struct pv_vcpu_set_periodic_timer request = {.period_ns = PERIOD};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, &request), 0);
    const uint64_t begin = pv_time_ns();
    pv_event_wait_until(ports[1], begin + 5 * PERIOD); // nothing comes there
    CHECK(pv_time_ns() >= begin + 5 * PERIOD);
    CHECK(comes(ports[0], SOON));
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL), 0);
}

static void check_refusals(void)
{
    static const uint64_t wrong[] = {0, 1, PV_MILLISECOND_NS - 1, UINT64_C(1) << 62, UINT64_C(1) << 63, ~UINT64_C(0)};
    struct pv_vcpu_set_periodic_timer request;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request.period_ns = wrong[i];
        CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, &request), -PV_EINVAL);
    }
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 3, &request), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 3, NULL), -PV_ENOENT);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    for (unsigned id = 0; id < 2; id++) {
        const int port = pv_event_bind_virq(PV_VIRQ_TIMER, id);
        if (port < 0)
            report_error("bind_virq", port);
        ports[id] = (pv_evtchn_port_t)port;
        pv_event_take(ports[id]);
    }
    check_one_shot();
    check_periodic();
    check_sleeping();
    check_refusals();
    return report_end();
}
