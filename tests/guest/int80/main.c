// SPDX-License-Identifier: MIT
// int80: the host's old system call gate is no way out either.
//
// `int $0x80` in 64-bit code enters Linux with 32-bit numbers. For a guest it is a software interrupt like any other one: #GP
// with the vector in the error code, as on Xen when nobody registered it.

#include "report.h"

#include <pv/trap.h>

#define SKIP 2
#define ERROR_CODE (0x80 << 3 | 2)

static volatile unsigned faults, error_code;
static volatile uintptr_t fault_rip;

static bool general_protection(struct pv_cpu_user_regs *regs)
{
    faults++;
    error_code = regs->error_code;
    fault_rip = regs->rip;
    regs->rip += SKIP;
    return true;
}

static uintptr_t interrupt(unsigned long number, unsigned long *answer)
{
    uintptr_t at;
    __asm__ volatile("lea 1f(%%rip), %1\n1: int $0x80" : "+a"(number), "=&r"(at) : "b"(0), "c"(0), "d"(0) : "memory");
    *answer = number;
    return at;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_GENERAL_PROTECTION, general_protection, 0), 0);
    static const unsigned long numbers[] = {20 /* getpid */, 1 /* exit */, 252 /* exit_group */, 17, 65};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        unsigned long answer;
        const uintptr_t at = interrupt(numbers[i], &answer);
        CHECK_EQUAL(faults, i + 1);
        CHECK_EQUAL(answer, numbers[i]);
        CHECK_EQUAL(error_code, ERROR_CODE);
        CHECK_EQUAL(fault_rip, at);
    }
    return report_end();
}
