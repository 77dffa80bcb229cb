// SPDX-License-Identifier: MIT
// vcpu-last-down: the last vCPU that goes down powers the domain off, be it which it may; one that is left keeps it running.

#include "report.h"

#include <pv/barrier.h>
#include <pv/hypercall.h>
#include <pv/smp.h>

#include <pvabi/sched.h>

static char stack[16384] __attribute__((aligned(16)));

static void outlive(void *unused)
{
    (void)unused;
    while (pv_vcpu_is_up(0))
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    pv_puts("SUCCESS");
    pv_exit_status(7);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_vcpu_start(1, outlive, NULL, stack, sizeof stack);
    pv_vcpu_stop();
}
