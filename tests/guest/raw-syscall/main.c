// SPDX-License-Identifier: MIT
// raw-syscall: a `syscall` instruction is a hypercall of that number, and never one of the host kernel's.
//
// Some kernels use no hypercall page. And a guest can always execute the instruction: number 1 would print, 39 tell a process
// id, 60 end the monitor. Every number answers as the page does, or -ENOSYS where the page has no slot.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define NUMBERS 1024

static long raw(uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3)
{
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = 0;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                     : "0"(number)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static void check_like_the_page(void)
{
    for (unsigned number = 0; number < NUMBERS; number++) {
        if (number == PV_HC_IRET)
            continue; // takes a frame, not arguments
        const long expected = number < PV_HYPERCALL_SLOTS ? pv_hypercall(number, 0, 0, 0, 0, 0) : -PV_ENOSYS;
        if (!CHECK_EQUAL(raw(number, 0, 0, 0), expected))
            pv_printf("    number %u\n", number);
    }
}

// With arguments that would make the host do something.
static void check_not_the_hosts(void)
{
    static const char text[] = "THE HOST PRINTED THIS\n";
    CHECK_EQUAL(raw(1, 1, (uintptr_t)text, sizeof text - 1), -PV_ENOSYS);                    // write
    CHECK_EQUAL(raw(39, 0, 0, 0), -PV_ENOSYS);                                              // getpid
    CHECK_EQUAL(raw(60, 3, 0, 0), -PV_ENOSYS);                                              // exit
    CHECK_EQUAL(raw(231, 3, 0, 0), -PV_ENOSYS);                                             // exit_group
    CHECK_EQUAL(raw(UINT64_C(0x40000001), 1, (uintptr_t)text, sizeof text - 1), -PV_ENOSYS); // x32's write
    CHECK_EQUAL(raw(UINT64_C(1) << 32 | 1, 1, (uintptr_t)text, sizeof text - 1), -PV_ENOSYS);
    CHECK_EQUAL(raw(UINT64_MAX, 0, 0, 0), -PV_ENOSYS);
    CHECK_EQUAL(raw(UINT64_C(1) << 63 | 17, 0, 0, 0), -PV_ENOSYS);
}

static void check_many(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < 20000; i++)
        wrong += raw(PV_HC_XEN_VERSION, 0, 0, 0) != (4 << 16 | 17);
    CHECK_EQUAL(wrong, 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_like_the_page();
    check_not_the_hosts();
    check_many();
    return report_end();
}
