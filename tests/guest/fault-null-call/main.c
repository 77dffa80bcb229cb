// SPDX-License-Identifier: MIT
// fault-null-call: a call through a null pointer is reported with the place that called.
//
// rip says nothing then, and there is no instruction to show; what helps is who called.

#include "report.h"

typedef void (*function)(void);
static function volatile nothing;

__attribute__((noinline)) static void call_nothing(void)
{
    nothing();
    __asm__ volatile("");
}

int pv_main(const char *command_line)
{
    (void)command_line;
    call_nothing();
    pv_puts("FAILURE it went on");
    return 1;
}
