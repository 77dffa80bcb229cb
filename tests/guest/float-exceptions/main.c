// SPDX-License-Identifier: MIT
// float-exceptions: a guest that unmasks floating-point exceptions gets its own, and no call is hurt by it.
//
// The control words are the guest's, also while the monitor works for it on the same CPU: its own arithmetic must not trap
// with them, and the guest must find them again. And the x87 stack may be full, or an exception waiting, while a call is made.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/time.h>
#include <pv/trap.h>

#define PRECISION_MASK 0x1000u // every exception but this one is on
#define ALL_MASKED 0x1f80u

static volatile unsigned simd_faults, x87_faults, breakpoints;

static bool simd_fault(struct pv_cpu_user_regs *regs)
{
    simd_faults++;
    regs->rip += 3; // behind divps
    return true;
}

static bool x87_fault(struct pv_cpu_user_regs *regs)
{
    x87_faults++;
    (void)regs;
    __asm__ volatile("fnclex");
    return true;
}

static bool breakpoint(struct pv_cpu_user_regs *regs)
{
    (void)regs;
    breakpoints++;
    return pv_nop() == 0;
}

static void set_mxcsr(uint32_t value)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static uint32_t mxcsr(void)
{
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static void check_simd(void)
{
    set_mxcsr(PRECISION_MASK);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_EQUAL(pv_nop(), 0);
        CHECK_EQUAL(mxcsr() & 0x1f80, PRECISION_MASK);
    }
    pv_printf("printing works\n");
    pv_sleep_ns(PV_MILLISECOND_NS);
    CHECK_EQUAL(mxcsr() & 0x1f80, PRECISION_MASK);
    __asm__ volatile("xorps %%xmm1, %%xmm1\n pcmpeqd %%xmm0, %%xmm0\n psrld $25, %%xmm0\n pslld $23, %%xmm0\n" // 1.0
                     "divps %%xmm1, %%xmm0"
                     : : : "xmm0", "xmm1");
    CHECK_EQUAL(simd_faults, 1);
    set_mxcsr(ALL_MASKED);
}

static void check_x87(void)
{
    uint16_t unmasked = 0x037b, word; // division by zero is not masked
    __asm__ volatile("fninit\n fldcw %0" : : "m"(unmasked));
    CHECK_EQUAL(pv_nop(), 0);
    __asm__ volatile("fnstcw %0" : "=m"(word));
    CHECK_EQUAL(word, unmasked);
    __asm__ volatile("fld1\n fldz\n fdivrp\n fwait");
    CHECK_EQUAL(x87_faults, 1);
    __asm__ volatile("fninit");
}

// An x87 exception is raised by the next x87 instruction: here the monitor would execute that, in a call or after the fault.
static void check_waiting(void)
{
    static const uint16_t unmasked = 0x037b;
    __asm__ volatile("fninit\n fldcw %0\n fld1\n fldz\n fdivrp" : : "m"(unmasked));
    CHECK_EQUAL(pv_nop(), 0);
    __asm__ volatile("fninit\n fldcw %0\n fld1\n fldz\n fdivrp\n int3" : : "m"(unmasked));
    __asm__ volatile("fninit");
    CHECK_EQUAL(breakpoints, 1);
    CHECK_EQUAL(pv_nop(), 0);
}

static void check_full_stack(void)
{
    static long double values[8];
    __asm__ volatile("fninit\n fldpi\n fldpi\n fldpi\n fldpi\n fldpi\n fldpi\n fldpi\n fldpi");
    const long result = pv_nop();
    pv_puts("with a full stack");
    for (unsigned i = 0; i < 8; i++)
        __asm__ volatile("fstpt %0" : "=m"(values[i]));
    CHECK_EQUAL(result, 0);
    for (unsigned i = 0; i < 8; i++)
        CHECK(values[i] > 3.14159L && values[i] < 3.1416L);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_SIMD, simd_fault, 0), 0);
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_X87, x87_fault, 0), 0);
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_BREAKPOINT, breakpoint, 0), 0);
    check_simd();
    check_x87();
    check_waiting();
    check_full_stack();
    return report_end();
}
