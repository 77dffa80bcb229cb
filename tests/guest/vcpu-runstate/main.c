// SPDX-License-Identifier: MIT
// vcpu-runstate: the monitor tells how long each vCPU ran, waited, slept and was down, and keeps it where the guest wants it.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

#define NAP (2 * PV_MILLISECOND_NS)

static char stack[16384] __attribute__((aligned(16)));
static struct pv_vcpu_runstate_info area;
static struct pv_vcpu_time_info time_area;

static struct pv_vcpu_runstate_info ask(unsigned vcpu)
{
    struct pv_vcpu_runstate_info info = {.state = -1};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, vcpu, &info), 0);
    return info;
}

// Until somebody has seen it sleep: on a busy host one nap may be over before the hypervisor hears of it.
static void nap(void *was_seen)
{
    do
        pv_sleep_ns(NAP);
    while (!PV_READ_ONCE(*(bool *)was_seen));
}

static void spin(uint64_t duration)
{
    const uint64_t deadline = pv_time_ns() + duration;
    while (pv_time_ns() < deadline)
        ;
}

static void check_own(void)
{
    const struct pv_vcpu_runstate_info before = ask(0);
    CHECK_EQUAL(before.state, PV_RUNSTATE_RUNNING);
    spin(NAP);
    const uint64_t deadline = pv_time_ns() + 5 * PV_SECOND_NS;
    struct pv_vcpu_runstate_info after;
    do { // one nap is enough unless the host is so busy that the hypervisor hears of it too late
        pv_sleep_ns(NAP);
        after = ask(0);
    } while (after.time[PV_RUNSTATE_BLOCKED] - before.time[PV_RUNSTATE_BLOCKED] < NAP / 2 && pv_time_ns() < deadline);
    CHECK(after.time[PV_RUNSTATE_RUNNING] + after.time[PV_RUNSTATE_RUNNABLE] - before.time[PV_RUNSTATE_RUNNING] -
              before.time[PV_RUNSTATE_RUNNABLE] >= NAP);
    CHECK(after.time[PV_RUNSTATE_BLOCKED] - before.time[PV_RUNSTATE_BLOCKED] >= NAP / 2); // the clocks of both may differ a little
    CHECK_EQUAL(after.time[PV_RUNSTATE_OFFLINE], before.time[PV_RUNSTATE_OFFLINE]);
    CHECK(after.state_entry_time > before.state_entry_time);
}

static void check_other(void)
{
    CHECK_EQUAL(ask(1).state, PV_RUNSTATE_OFFLINE);
    static bool was_blocked;
    CHECK_EQUAL(pv_vcpu_start(1, nap, &was_blocked, stack, sizeof stack), 0);
    const uint64_t deadline = pv_time_ns() + 5 * PV_SECOND_NS;
    while (!was_blocked && pv_time_ns() < deadline)
        PV_WRITE_ONCE(was_blocked, ask(1).state == PV_RUNSTATE_BLOCKED);
    CHECK(was_blocked);
    PV_WRITE_ONCE(was_blocked, true);
    while (pv_vcpu_is_up(1) && pv_time_ns() < deadline)
        ;
    const struct pv_vcpu_runstate_info info = ask(1);
    CHECK_EQUAL(info.state, PV_RUNSTATE_OFFLINE);
    CHECK(info.time[PV_RUNSTATE_RUNNING] > 0);
}

static void check_areas(void)
{
    struct pv_vcpu_register_runstate_memory_area request = {.addr = (uintptr_t)&area};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, &request), 0);
    CHECK_EQUAL(area.state, PV_RUNSTATE_RUNNING);
    const uint64_t slept_before = area.time[PV_RUNSTATE_BLOCKED];
    pv_sleep_ns(NAP);
    CHECK_EQUAL(PV_READ_ONCE(area.state), PV_RUNSTATE_RUNNING);
    CHECK(PV_READ_ONCE(area.time[PV_RUNSTATE_BLOCKED]) > slept_before);

    struct pv_vcpu_register_time_memory_area where = {.addr = (uintptr_t)&time_area};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, 0, &where), 0);
    CHECK(time_area.tsc_to_system_mul != 0);
    CHECK_EQUAL(time_area.version & 1, 0);
}

static void check_refusals(void)
{
    static const unsigned commands[] = {PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA};
    struct pv_vcpu_register_time_memory_area request;
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQUAL(pv_vcpu_op(commands[i], 0, NULL), -PV_EFAULT);
        CHECK_EQUAL(pv_vcpu_op(commands[i], 3, &request), -PV_ENOENT);
        request.addr = 0;
        CHECK_EQUAL(pv_vcpu_op(commands[i], 0, &request), -PV_EFAULT);
        request.addr = (uintptr_t)pv_shared; // not RAM
        CHECK_EQUAL(pv_vcpu_op(commands[i], 0, &request), -PV_EFAULT);
        request.addr = (uintptr_t)&area + 4;
        CHECK_EQUAL(pv_vcpu_op(commands[i], 0, &request), -PV_EINVAL);
    }
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 0, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 3, &area), -PV_ENOENT);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_own();
    check_other();
    check_areas();
    check_refusals();
    return report_end();
}
