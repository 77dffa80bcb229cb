// SPDX-License-Identifier: MIT
// vcpu-crash: a fault on any vCPU ends the domain, and the report says which it was and where.

#include "report.h"

#include <pv/smp.h>

static char stack[16384] __attribute__((aligned(16)));

static void fault_on_second(void *unused)
{
    (void)unused;
    __asm__ volatile("ud2");
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_vcpu_start(1, fault_on_second, NULL, stack, sizeof stack);
    for (;;)
        __asm__ volatile("pause");
}
