// SPDX-License-Identifier: MIT
// Exceptions. A vector without a handler is left to the hypervisor, which ends the domain with a full report (registers,
// instructions, backtrace), so a guest only handles what it can do something about.
// Handlers run on the vCPU that raised the exception.
//
// Example:
//     static bool skip_ud2(struct pv_cpu_user_regs *regs)
//     {
//         regs->rip += 2;
//         return true;
//     }
//     int survive_ud2(void)
//     {
//         return pv_trap_handle(PV_VECTOR_INVALID_OPCODE, skip_ud2, 0);
//     }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pvabi/cpu.h>

#include <pv/event.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_VECTOR_DIVIDE_ERROR 0
#define PV_VECTOR_DEBUG 1
#define PV_VECTOR_BREAKPOINT 3
#define PV_VECTOR_OVERFLOW 4
#define PV_VECTOR_INVALID_OPCODE 6
#define PV_VECTOR_GENERAL_PROTECTION 13
#define PV_VECTOR_PAGE_FAULT 14
#define PV_VECTOR_X87 16
#define PV_VECTOR_ALIGNMENT 17
#define PV_VECTOR_SIMD 19
#define PV_HANDLED_VECTORS 32 // handlers exist for 0 to 31

// Gets the registers of the interrupted code (es to gs are not filled in) and may change them. True: go on there.
// False: it could not help; the library prints the registers and crashes the domain.
typedef bool (*pv_trap_handler)(struct pv_cpu_user_regs *regs);

// Flags, besides PV_HANDLER_FPU of event.h.
#define PV_HANDLER_MASK_EVENTS 2u // run with upcalls masked; otherwise they stay as they were
#define PV_HANDLER_FROM_USER 4u   // guest user mode may raise the vector by INT n

// Sets or, with a null handler, takes away the handler of a vector. Returns 0 or a negated PV_E*.
int pv_trap_handle(unsigned vector, pv_trap_handler handler, unsigned flags);

// The address of the last page fault; to be read before another one can happen.
static inline uintptr_t pv_fault_address(void)
{
    return pv_own_vcpu_info()->arch.cr2;
}

#ifdef __cplusplus
}
#endif
