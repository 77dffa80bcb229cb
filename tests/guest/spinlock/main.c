// SPDX-License-Identifier: MIT
// spinlock: vCPUs contend for a lock. One that only spins, and never calls, is preempted, so that the holder gets its turn.

#include "report.h"

#include <pv/barrier.h>
#include <pv/hypercall.h>
#include <pv/smp.h>

#include <pvabi/sched.h>

#define ROUNDS 2000

static char stacks[2][16384] __attribute__((aligned(16)));
static struct pv_spinlock polite;
static uint32_t stubborn;
static unsigned ended;

// One for each lock: a vCPU may use the second lock while another still uses the first.
static struct guarded {
    unsigned holder, holds, held_by_others;
} by_polite, by_stubborn;

static void take_stubborn(void)
{
    while (__atomic_exchange_n(&stubborn, 1u, __ATOMIC_ACQUIRE))
        __asm__ volatile("pause");
}

static void hold(struct guarded *guarded, unsigned id)
{
    PV_WRITE_ONCE(guarded->holder, id);
    const unsigned before = PV_READ_ONCE(guarded->holds);
    for (volatile int i = 0; i < 20; i++)
        ;
    PV_WRITE_ONCE(guarded->holds, before + 1);
    if (PV_READ_ONCE(guarded->holder) != id)
        guarded->held_by_others++;
}

static void work(void *unused)
{
    (void)unused;
    const unsigned id = pv_vcpu_id();
    for (unsigned i = 0; i < ROUNDS; i++) {
        pv_spin_lock(&polite);
        hold(&by_polite, id);
        if (i % 64 == 0)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL); // with the lock held, so that the others meet it
        pv_spin_unlock(&polite);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        take_stubborn();
        hold(&by_stubborn, id);
        if (i % 256 == 0)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
        __atomic_store_n(&stubborn, 0u, __ATOMIC_RELEASE);
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_vcpu_start(1, work, NULL, stacks[0], sizeof stacks[0]), 0);
    CHECK_EQUAL(pv_vcpu_start(2, work, NULL, stacks[1], sizeof stacks[1]), 0);
    work(NULL);
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < 3)
        __asm__ volatile("pause");
    CHECK_EQUAL(by_polite.holds, 3 * ROUNDS);
    CHECK_EQUAL(by_stubborn.holds, 3 * ROUNDS);
    CHECK_EQUAL(by_polite.held_by_others, 0);
    CHECK_EQUAL(by_stubborn.held_by_others, 0);
    return report_end();
}
