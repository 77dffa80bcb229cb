// SPDX-License-Identifier: MIT
// Hypercalls: one inline function per call, each a `call` into the hypercall page that the hypervisor filled.
// Answers are Xen's: 0 or more on success, a negated PV_E* number otherwise. `argument` points to the struct that the
// command's header in pvabi names. ABI.md describes each call. May be used in handlers and on any vCPU.
//
// Example:
//     #include <pvabi/sched.h>
//     void let_others_run(void)
//     {
//         pv_sched_op(PV_SCHEDOP_YIELD, NULL);
//     }
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <pvabi/cpu.h>
#include <pvabi/extensions.h>
#include <pvabi/hypercalls.h>
#include <pvabi/multicall.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const char pv_hypercall_page[PV_HYPERCALL_PAGE_SIZE];

// A hypercall whose number is a constant. Arguments travel in rdi, rsi, rdx, r10, r8; all five and rcx, r11 are taken as
// lost. Unused arguments are passed as 0, so that no stray value reaches the other side.
#define PV_HYPERCALL(number, a1, a2, a3, a4, a5)                                                                      \
    __extension__({                                                                                                   \
        unsigned long pv_a1_ = (unsigned long)(a1), pv_a2_ = (unsigned long)(a2), pv_a3_ = (unsigned long)(a3);       \
        const unsigned long pv_v4_ = (unsigned long)(a4), pv_v5_ = (unsigned long)(a5);                               \
        register unsigned long pv_a4_ __asm__("r10") = pv_v4_;                                                        \
        register unsigned long pv_a5_ __asm__("r8") = pv_v5_;                                                         \
        long pv_result_;                                                                                              \
        __asm__ volatile("call pv_hypercall_page + %c[offset]"                                                        \
                         : "=a"(pv_result_), "+D"(pv_a1_), "+S"(pv_a2_), "+d"(pv_a3_), "+r"(pv_a4_), "+r"(pv_a5_)     \
                         : [offset] "i"((number) * PV_HYPERCALL_STUB_SIZE)                                            \
                         : "rcx", "r11", "memory", "cc");                                                             \
        pv_result_;                                                                                                   \
    })

// A hypercall whose number is only known at run time; PV_HYPERCALL_SLOTS and above answer -PV_ENOSYS.
long pv_hypercall(unsigned number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                  unsigned long a5);

static inline long pv_set_trap_table(const struct pv_trap_info *table)
{
    return PV_HYPERCALL(PV_HC_SET_TRAP_TABLE, table, 0, 0, 0, 0);
}

// x86-64 takes three addresses; the syscall one may be 0 in a guest without user mode.
static inline long pv_set_callbacks(uintptr_t event, uintptr_t failsafe, uintptr_t syscall)
{
    return PV_HYPERCALL(PV_HC_SET_CALLBACKS, event, failsafe, syscall, 0, 0);
}

static inline long pv_memory_op(unsigned command, void *argument)
{
    return PV_HYPERCALL(PV_HC_MEMORY_OP, command, argument, 0, 0, 0);
}

// Makes `count` calls, one after the other; each answer is in its entry.
static inline long pv_multicall(struct pv_multicall_entry *entries, unsigned count)
{
    return PV_HYPERCALL(PV_HC_MULTICALL, entries, count, 0, 0, 0);
}

static inline long pv_mmu_update(const void *updates, unsigned count, unsigned *done, unsigned domain)
{
    return PV_HYPERCALL(PV_HC_MMU_UPDATE, updates, count, done, domain, 0);
}

static inline long pv_mmuext_op(const void *operations, unsigned count, unsigned *done, unsigned domain)
{
    return PV_HYPERCALL(PV_HC_MMUEXT_OP, operations, count, done, domain, 0);
}

static inline long pv_update_va_mapping(uintptr_t address, uint64_t entry, unsigned long flags)
{
    return PV_HYPERCALL(PV_HC_UPDATE_VA_MAPPING, address, entry, flags, 0, 0);
}

static inline long pv_stack_switch(unsigned long ss, uintptr_t rsp)
{
    return PV_HYPERCALL(PV_HC_STACK_SWITCH, ss, rsp, 0, 0, 0);
}

// Xen raises #NM at the next use of the FPU once this is set; here nothing is raised.
static inline long pv_fpu_taskswitch(unsigned set)
{
    return PV_HYPERCALL(PV_HC_FPU_TASKSWITCH, set, 0, 0, 0, 0);
}

static inline long pv_set_segment_base(unsigned which, uint64_t base)
{
    return PV_HYPERCALL(PV_HC_SET_SEGMENT_BASE, which, base, 0, 0, 0);
}

static inline long pv_vm_assist(unsigned command, unsigned type)
{
    return PV_HYPERCALL(PV_HC_VM_ASSIST, command, type, 0, 0, 0);
}

// VIRQ_TIMER fires at this system time (nanoseconds); 0 cancels.
static inline long pv_set_timer_op(uint64_t deadline_ns)
{
    return PV_HYPERCALL(PV_HC_SET_TIMER_OP, deadline_ns, 0, 0, 0, 0);
}

static inline long pv_xen_version(unsigned command, void *argument)
{
    return PV_HYPERCALL(PV_HC_XEN_VERSION, command, argument, 0, 0, 0);
}

static inline long pv_console_io(unsigned command, unsigned count, char *bytes)
{
    return PV_HYPERCALL(PV_HC_CONSOLE_IO, command, count, bytes, 0, 0);
}

static inline long pv_grant_table_op(unsigned command, void *arguments, unsigned count)
{
    return PV_HYPERCALL(PV_HC_GRANT_TABLE_OP, command, arguments, count, 0, 0);
}

static inline long pv_vcpu_op(unsigned command, unsigned vcpu, void *argument)
{
    return PV_HYPERCALL(PV_HC_VCPU_OP, command, vcpu, argument, 0, 0);
}

static inline long pv_sched_op(unsigned command, void *argument)
{
    return PV_HYPERCALL(PV_HC_SCHED_OP, command, argument, 0, 0, 0);
}

static inline long pv_callback_op(unsigned command, void *argument)
{
    return PV_HYPERCALL(PV_HC_CALLBACK_OP, command, argument, 0, 0, 0);
}

static inline long pv_evtchn_op(unsigned command, void *argument)
{
    return PV_HYPERCALL(PV_HC_EVENT_CHANNEL_OP, command, argument, 0, 0, 0);
}

// pvisor's own calls; Xen answers -PV_ENOSYS. pv_chainload_op returns only when it failed.
static inline long pv_chainload_op(struct pv_chainload *argument)
{
    return PV_HYPERCALL(PV_HC_CHAINLOAD, argument, 0, 0, 0, 0);
}

static inline long pv_nop(void)
{
    return PV_HYPERCALL(PV_HC_NOP, 0, 0, 0, 0, 0);
}

static inline long pv_exit_status(unsigned code)
{
    return PV_HYPERCALL(PV_HC_EXIT_STATUS, code, 0, 0, 0, 0);
}

#ifdef __cplusplus
}
#endif
