// SPDX-License-Identifier: MIT
// stack-overflow: a guest that recurses without end faults at the end of its stack, before it has overwritten anything.
//
// The stack is the lowest part of the image, so below it is no memory of the guest's: neither its code and data, nor, on an
// engine that shares addresses with the monitor, somebody else's.

#include "report.h"

#include <pv/config.h>
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
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    CHECK(here - pv_base < PV_MAIN_STACK_SIZE + PV_PAGE_SIZE);
    pv_puts("going down");
    pv_console_flush(1000000000);
    return (int)recurse(0);
}
