// SPDX-License-Identifier: MIT
// vcpu-info: register_vcpu_info moves a vCPU's event words and time to a place of the guest's choice, and nothing is lost.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#define SOON (pv_time_ns() + 5 * PV_SECOND_NS)

static char stack[16384] __attribute__((aligned(16)));
static struct pv_vcpu_info page[PV_PAGE_SIZE / sizeof(struct pv_vcpu_info)] __attribute__((aligned(PV_PAGE_SIZE)));
static pv_evtchn_port_t port;
static unsigned events;

static long move(unsigned vcpu, const struct pv_vcpu_info *to)
{
    struct pv_vcpu_register_vcpu_info request = {.mfn = pv_virt_to_mfn(page),
                                                 .offset = (uint32_t)((const char *)to - (const char *)page)};
    return pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, vcpu, &request);
}

// vCPU 1: handles by itself, as a kernel does whose vcpu_info is somewhere else.
static void take_events(void *unused)
{
    (void)unused;
    struct pv_vcpu_info *info = &page[63];
    while (PV_READ_ONCE(events) < 3) {
        pv_sched_op(PV_SCHEDOP_POLL, &(struct pv_sched_poll){.ports = (uintptr_t)&port, .nr_ports = 1});
        if (!PV_READ_ONCE(info->evtchn_upcall_pending))
            continue;
        PV_WRITE_ONCE(info->evtchn_upcall_pending, 0);
        __atomic_exchange_n(&info->evtchn_pending_sel, UINT64_C(0), __ATOMIC_SEQ_CST);
        if (pv_event_take(port))
            PV_WRITE_ONCE(events, events + 1);
    }
}

static void check_other(void)
{
    port = (pv_evtchn_port_t)pv_event_bind_ipi(1);
    pv_event_unmask(port);
    CHECK_EQUAL(move(1, &page[63]), 0); // the last one that fits
    CHECK_EQUAL(page[63].evtchn_upcall_mask, 1);
    CHECK_EQUAL(page[63].evtchn_upcall_pending, 1);
    CHECK_EQUAL(page[63].evtchn_pending_sel, ~UINT64_C(0));
    CHECK(page[63].time.tsc_to_system_mul != 0);
    CHECK_EQUAL(pv_vcpu_start(1, take_events, NULL, stack, sizeof stack), 0);
    for (unsigned sent = 1; sent <= 3; sent++) {
        pv_event_send(port);
        const uint64_t deadline = SOON;
        while (PV_READ_ONCE(events) < sent && pv_time_ns() < deadline)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
        CHECK_EQUAL(PV_READ_ONCE(events), sent);
    }
    CHECK_EQUAL(pv_shared->vcpu_info[1].evtchn_upcall_pending, 0);
    CHECK_EQUAL(move(1, &page[0]), -PV_EINVAL); // once and for good
}

static void check_refusals(void)
{
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, NULL), -PV_EFAULT);
    struct pv_vcpu_register_vcpu_info request = {.mfn = pv_virt_to_mfn(page), .offset = PV_PAGE_SIZE - 56};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, &request), -PV_ENXIO);
    request.offset = 0xfffffff8;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, &request), -PV_ENXIO);
    request.offset = 4;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, &request), -PV_ENXIO);
    request.offset = 0;
    request.mfn = pv_virt_to_mfn(pv_shared);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, &request), -PV_EINVAL);
    request.mfn = ~UINT64_C(0);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 2, &request), -PV_EINVAL);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 3, &request), -PV_ENOENT);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_refusals();
    check_other();
    return report_end();
}
