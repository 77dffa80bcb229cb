// SPDX-License-Identifier: MIT
// ways-out: none of a processor's other ways into a kernel leads a guest to the host's.
//
// `int n` is an exception for every n, also those by which hosts once were called; the pages at fixed addresses that Linux once kept
// for quick calls, and `sysenter`, end the guest at worst.

#include "report.h"

#include <pv/string.h>
#include <pv/trap.h>

#define VSYSCALLS UINT64_C(0xffffffffff600000)
#define INT 0xcd
#define RET 0xc3
#define BREAKPOINT 3
#define OVERFLOW 4
#define INT_BYTES 2

static unsigned char code[] = {INT, 0, RET};
static volatile unsigned faults;
static volatile uint32_t error_code;

static bool skip(struct pv_cpu_user_regs *regs)
{
    faults++;
    error_code = regs->error_code;
    regs->rip = (uintptr_t)code + INT_BYTES;
    return true;
}

static void interrupt_by_all_numbers(void)
{
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_GENERAL_PROTECTION, skip, 0), 0);
    CHECK_EQUAL(pv_trap_handle(BREAKPOINT, skip, 0), 0);
    CHECK_EQUAL(pv_trap_handle(OVERFLOW, skip, 0), 0);
    for (unsigned number = 0; number < 256; number++) {
        code[1] = (unsigned char)number;
        ((void (*)(void))(uintptr_t)code)();
        if (!CHECK_EQUAL(faults, number + 1))
            pv_printf("    int %u\n", number);
        if (number != BREAKPOINT && number != OVERFLOW)
            CHECK_EQUAL(error_code, number << 3 | 2);
    }
}

static long call_page(unsigned offset)
{
    long result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(VSYSCALLS + offset), "D"(0), "S"(0) : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

int pv_main(const char *which)
{
    if (pv_streq(which, "int")) {
        interrupt_by_all_numbers();
        return report_end();
    }
    if (pv_streq(which, "gettimeofday"))
        call_page(0);
    if (pv_streq(which, "time"))
        call_page(0x400);
    if (pv_streq(which, "getcpu"))
        call_page(0x800);
    if (pv_streq(which, "sysenter"))
        __asm__ volatile("sysenter" : : "a"(20) : "rcx", "rdx", "memory");
    pv_puts("FAILURE it went on");
    return 1;
}
