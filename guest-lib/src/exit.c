// SPDX-License-Identifier: MIT
// The ways out of a domain.

#include "exit.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/start.h>

#include <pvabi/sched.h>

void pv_shutdown(unsigned reason)
{
    pv_irq_disable();
    if (pv_before_exit)
        pv_before_exit();
    struct pv_sched_shutdown shutdown = {.reason = reason};
    for (;;)
        pv_sched_op(PV_SCHEDOP_SHUTDOWN, &shutdown);
}

void pv_exit(int status)
{
    pv_exit_status((unsigned)status); // Xen has no such call and no place for the number
    pv_shutdown(PV_SHUTDOWN_POWEROFF);
}

void pv_reboot(void)
{
    pv_shutdown(PV_SHUTDOWN_REBOOT);
}
