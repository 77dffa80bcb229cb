// SPDX-License-Identifier: MIT
// Further vCPUs: starting and stopping them, knowing which one runs, locks between them. A domain has as many as --vcpus says.
//
// Each vCPU needs a stack, begins in a function of the kernel with upcalls masked, and has its own timer, upcall mask and trap
// table. Ports belong to a vCPU (pv_event_bind_virq, pv_event_bind_ipi, pv_event_move), which runs their handlers once
// it has enabled upcalls. Handlers are set and vCPUs started by one vCPU at a time; console, heap and devices are used by one
// at a time as well: a kernel that shares them takes a lock.
//
// A kernel that starts vCPUs leaves GS to the library, on all of them: the word at GS:0 is the number of the vCPU that runs.
//
// Example:
//     static void second(void *count)
//     {
//         ++*(unsigned *)count; // returning stops the vCPU
//     }
//     int count_on_another(unsigned *count)
//     {
//         static char stack[8192];
//         return pv_vcpu_start(1, second, count, stack, sizeof stack);
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvabi/event_channel.h>

#include <pv/attributes.h>
#include <pv/vcpu.h>

#ifdef __cplusplus
extern "C" {
#endif

// How many vCPUs the domain has.
unsigned pv_vcpu_count(void);

typedef void (*pv_vcpu_entry)(void *argument);

// Lets vCPU `id` begin in `entry`, on this stack. The first call is made by vCPU 0. 0, or a negated PV_E*: -PV_ENOENT if
// there is no such vCPU, -PV_EBUSY while it has not stopped, -PV_ENOMEM if the host cannot give it.
int pv_vcpu_start(unsigned id, pv_vcpu_entry entry, void *argument, void *stack, size_t stack_bytes);

bool pv_vcpu_is_up(unsigned id);

// Stops the vCPU that calls it; it may be started again. The last one ends the domain so, as a power-off.
PV_NORETURN void pv_vcpu_stop(void);

// From now on the port's events come on that vCPU, and its handler runs there. 0 or a negated PV_E*; an IPI or a timer's port
// stays where it is.
int pv_event_move(pv_evtchn_port_t port, unsigned vcpu);

// A lock between vCPUs: whoever waits spins, and after a while lets others have the CPU. Zero is free. Not for a handler and the
// code that it interrupts: mask upcalls there as well.
struct pv_spinlock {
    uint32_t taken;
};

void pv_spin_lock(struct pv_spinlock *lock);
void pv_spin_unlock(struct pv_spinlock *lock);

#ifdef __cplusplus
}
#endif
