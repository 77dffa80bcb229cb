// SPDX-License-Identifier: MIT
// gate: a guest that calls the host kernel by the one instruction through which its own stub does.
//
// Everything in a guest's process can be read and jumped to, so the stub's `syscall` is no secret. What the host answers there must be
// harmless: all numbers but six are refused, and with those the guest rings, asks and maps as often as it likes.

#include "hostile.h"

#define STUB_TABLE 0x7d0000001000 // hypervisor/engine/process: vcpu_area.hpp, stub/entry.S
#define SYSCALL_BYTES 2
#define REFUSED (-4095L)
#define NUMBERS 1024
#define X32 UINT64_C(0x40000000)
#define FLOOD 20000
#define DOORBELL 5

enum { WRITE = 1, MMAP = 9, SIGRETURN = 15, YIELD = 24, ARCH_PRCTL = 158, FUTEX = 202, URETPROBE = 335, UPROBE = 336 };

static long gate(uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
    register uint64_t r10 __asm__("r10") = a4;
    register uint64_t r8 __asm__("r8") = a5;
    register uint64_t r9 __asm__("r9") = a6;
    const uint64_t target = ((const volatile uint64_t *)STUB_TABLE)[2] - SYSCALL_BYTES;
    long result;
    __asm__ volatile("call *%[target]"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "0"(number), [target] "b"(target)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static bool is_served(unsigned number)
{
    static const unsigned served[] = {WRITE, MMAP, SIGRETURN, YIELD, ARCH_PRCTL, FUTEX, URETPROBE, UPROBE};
    for (unsigned i = 0; i < sizeof served / sizeof served[0]; i++) {
        if (number == served[i])
            return true;
    }
    return false;
}

// With arguments that would make the host print, end, start or kill something.
static void call_everything(void)
{
    static const char text[] = "THE HOST PRINTED THIS\n";
    for (unsigned number = 0; number < NUMBERS; number++) {
        const long plain = is_served(number) ? REFUSED : gate(number, 1, (uintptr_t)text, sizeof text - 1, 1, 0, 0);
        if (!CHECK_EQUAL(plain, REFUSED) || !CHECK_EQUAL(gate(number | X32, 1, (uintptr_t)text, sizeof text - 1, 1, 0, 0), REFUSED))
            pv_printf("    number %u\n", number);
    }
    CHECK_EQUAL(gate(WRITE, 1, (uintptr_t)text, sizeof text - 1, 0, 0, 0), REFUSED);
    CHECK_EQUAL(gate(WRITE, DOORBELL, (uintptr_t)text, sizeof text - 1, 0, 0, 0), REFUSED);
}

// The monitor is woken by each.
static void ring_and_ask(void)
{
    static uint64_t one = 1;
    for (unsigned i = 0; i < FLOOD; i++) {
        gate(WRITE, DOORBELL, (uintptr_t)&one, sizeof one, 0, 0, 0);
        if (i % 8 == 0)
            CHECK_EQUAL(gate(YIELD, 0, 0, 0, 0, 0, 0), -1); // -EPERM: nobody has shared a page with us
    }
}

static int attack(void)
{
    call_everything();
    ring_and_ask();
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
