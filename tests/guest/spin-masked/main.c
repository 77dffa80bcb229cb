// SPDX-License-Identifier: MIT
// spin-masked: a guest that spins for ever, with events masked and no call, can be ended, and is told where.

#include "report.h"

#include <pv/event.h>

__attribute__((noinline)) static void spin_here(void)
{
    for (volatile unsigned long i = 0;; i++)
        __asm__ volatile("");
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_irq_disable();
    pv_puts("spinning");
    spin_here();
    return 1;
}
