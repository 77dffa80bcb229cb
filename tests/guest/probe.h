// SPDX-License-Identifier: MIT
// Touching memory that may not be there: probe_read and probe_write say whether it faulted. Needs trap vector 14 for itself.
#pragma once

#include <stdint.h>

#include <pv/trap.h>

#include "report.h"

extern const char probe_end[]; // where both go on after a fault

static bool probe_faulted(struct pv_cpu_user_regs *regs)
{
    regs->rip = (uintptr_t)probe_end;
    regs->rax = 1;
    return true;
}

// Writes a byte back as it is, or reads it. 0: it went well.
long probe(volatile void *address, long write);
__asm__(".text\n"
        "probe:\n"
        "    xor %eax, %eax\n"
        "    test %rsi, %rsi\n"
        "    jnz 1f\n"
        "    testb $0, (%rdi)\n"
        "    jmp probe_end\n"
        "1:  lock orb $0, (%rdi)\n"
        "probe_end:\n"
        "    ret\n");

static inline bool can_read(volatile void *address)
{
    return probe(address, 0) == 0;
}

static inline bool can_write(volatile void *address)
{
    return probe(address, 1) == 0;
}

static inline void probe_start(void)
{
    const int result = pv_trap_handle(PV_VECTOR_PAGE_FAULT, probe_faulted, 0);
    if (result != 0)
        report_error("handling page faults", result);
}
