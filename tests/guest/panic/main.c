// SPDX-License-Identifier: MIT
// panic: last words reach the console, with the calls that led there, and the command ends with 134.

#include "report.h"

__attribute__((noinline)) static void give_up(int reason)
{
    pv_panic("on purpose, reason %d", reason);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    give_up(42);
    return 0;
}
