// SPDX-License-Identifier: MIT
// vcpu-kicks: three vCPUs send each other events as fast as they can, in and out of handlers, and none loses its last one.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/time.h>

#include <pvabi/sched.h>

#define VCPUS 3
#define ROUNDS 3000
#define SOON (pv_time_ns() + 10 * PV_SECOND_NS)

static char stacks[VCPUS][16384] __attribute__((aligned(16)));
static pv_evtchn_port_t to[VCPUS];
static uint64_t written[VCPUS], seen[VCPUS]; // what vCPU i was sent last, what its handler saw last
static unsigned on_wrong_vcpu, ended;
static bool is_over;

static void on_event(pv_evtchn_port_t port, void *number)
{
    (void)port;
    const unsigned id = (unsigned)(uintptr_t)number;
    if (pv_vcpu_id() != id)
        on_wrong_vcpu++;
    PV_WRITE_ONCE(seen[id], __atomic_load_n(&written[id], __ATOMIC_ACQUIRE));
}

static void storm(void *unused)
{
    (void)unused;
    const unsigned id = pv_vcpu_id();
    pv_irq_enable();
    for (unsigned i = 0; i < ROUNDS; i++) {
        const unsigned target = (id + 1 + i % (VCPUS - 1)) % VCPUS;
        __atomic_fetch_add(&written[target], 1, __ATOMIC_ACQ_REL);
        pv_event_send(to[target]);
        if (i % 7 == 0) {
            const bool enabled = pv_irq_save();
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
            pv_irq_restore(enabled);
        }
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
    while (!PV_READ_ONCE(is_over))
        pv_event_block();
}

int pv_main(const char *command_line)
{
    (void)command_line;
    for (unsigned id = 0; id < VCPUS; id++) {
        to[id] = (pv_evtchn_port_t)pv_event_bind_ipi(id);
        CHECK_EQUAL(pv_event_handle(to[id], on_event, (void *)(uintptr_t)id, 0), 0);
    }
    for (unsigned id = 1; id < VCPUS; id++)
        CHECK_EQUAL(pv_vcpu_start(id, storm, NULL, stacks[id], sizeof stacks[id]), 0);
    PV_WRITE_ONCE(is_over, false);
    pv_irq_enable();
    for (unsigned i = 0; i < ROUNDS; i++) {
        const unsigned target = 1 + i % (VCPUS - 1);
        __atomic_fetch_add(&written[target], 1, __ATOMIC_ACQ_REL);
        pv_event_send(to[target]);
    }
    const uint64_t deadline = SOON;
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < VCPUS - 1 && pv_time_ns() < deadline)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    CHECK_EQUAL(ended, VCPUS - 1);
    for (unsigned id = 0; id < VCPUS; id++) {
        while (PV_READ_ONCE(seen[id]) != written[id] && pv_time_ns() < deadline)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
        CHECK_EQUAL(PV_READ_ONCE(seen[id]), written[id]);
    }
    CHECK_EQUAL(on_wrong_vcpu, 0);
    return report_end();
}
