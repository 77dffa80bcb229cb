// SPDX-License-Identifier: MIT
// single-step: the trap flag steps through the guest's instructions, and through a hypercall as if it were one.
//
// Debuggers and breakpoints in kernels need #DB after each instruction. The flag is set by iret, as a debugger sets it; while
// it is, a hypercall takes it into the shim and the monitor, which must neither step themselves nor forget about the guest.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/trap.h>

#define FLAG_TF 0x100

static volatile unsigned steps;

static bool step(struct pv_cpu_user_regs *regs)
{
    steps++;
    (void)regs;
    return true;
}

static bool begin(struct pv_cpu_user_regs *regs)
{
    regs->rflags |= FLAG_TF;
    return true;
}

static inline __attribute__((always_inline)) void stop_stepping(void) // a call would be steps more
{
    __asm__ volatile("pushfq\n andl $~0x100, (%%rsp)\n popfq" : : : "memory", "cc");
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_DEBUG, step, 0), 0);
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_BREAKPOINT, begin, 0), 0);
    __asm__ volatile("int3\n nop\n nop\n nop\n nop" : : : "memory");
    stop_stepping();
    CHECK_EQUAL(steps, 4 + 3); // popfq is the last: the flag it clears counted when it began
    const unsigned before = steps;
    __asm__ volatile("nop\n nop" : : : "memory");
    CHECK_EQUAL(steps, before);

    __asm__ volatile("int3" : : : "memory");
    const long answer = pv_nop();
    stop_stepping();
    CHECK_EQUAL(answer, 0);
    CHECK_EQUAL(pv_nop(), 0);
    return report_end();
}
