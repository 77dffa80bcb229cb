// SPDX-License-Identifier: MIT
// stack-overflow: a guest that runs out of its memory downwards is stopped there.
//
// The stack here is the image's first page, which holds nothing: below it is not the guest's any more, and on an engine that
// shares addresses with the monitor there must be something that faults, not somebody's data.

#include "report.h"

#include <pv/memory.h>

static volatile unsigned deepest = 1000000000; // never reached

__attribute__((noinline)) unsigned recurse(unsigned depth);

unsigned recurse(unsigned depth)
{
    volatile unsigned here = depth;
    return depth == deepest ? 0 : recurse(depth + 1) + here;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_puts("going down");
    pv_console_flush(1000000000);
    const uintptr_t top = pv_base + PV_PAGE_SIZE;
    __asm__ volatile("mov %0, %%rsp\n call recurse" : : "r"(top), "D"(0UL) : "memory");
    __builtin_unreachable();
}
