// SPDX-License-Identifier: MIT
// Test, then test-and-set. The holder may be a vCPU that waits for the CPU we spin on: hence the yield.

#include <pv/smp.h>

#include <pv/barrier.h>
#include <pv/hypercall.h>

#include <pvabi/sched.h>

#define SPINS_BEFORE_YIELD 1000

void pv_spin_lock(struct pv_spinlock *lock)
{
    while (__atomic_exchange_n(&lock->taken, 1u, __ATOMIC_ACQUIRE))
        for (unsigned spins = 0; PV_READ_ONCE(lock->taken); spins++) {
            if (spins == SPINS_BEFORE_YIELD) {
                pv_sched_op(PV_SCHEDOP_YIELD, NULL);
                spins = 0;
            }
            __asm__ volatile("pause");
        }
}

void pv_spin_unlock(struct pv_spinlock *lock)
{
    __atomic_store_n(&lock->taken, 0u, __ATOMIC_RELEASE);
}
