// SPDX-License-Identifier: MIT
// sched-watchdog: a guest that stops petting its watchdog is ended; and what sched_op refuses to a guest.
//
// Kernels arm one so that a hang becomes a restart. The second run must end by it, and not by the guest's own doing.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/sched.h>

#define NOBODY 4242

static long watchdog(uint32_t id, uint32_t seconds)
{
    struct pv_sched_watchdog op = {.id = id, .timeout = seconds};
    return pv_sched_op(PV_SCHEDOP_WATCHDOG, &op);
}

static long remote_shutdown(unsigned domain)
{
    struct pv_sched_remote_shutdown op = {.domain_id = (pv_domid_t)domain, .reason = PV_SHUTDOWN_POWEROFF};
    return pv_sched_op(PV_SCHEDOP_REMOTE_SHUTDOWN, &op);
}

static void check_ids(void)
{
    CHECK_EQUAL(watchdog(1, 1), -PV_EINVAL); // not set
    CHECK_EQUAL(watchdog(3, 1), -PV_EINVAL);
    CHECK_EQUAL(watchdog(0xffffffff, 1), -PV_EINVAL);
    CHECK_EQUAL(watchdog(0, 60), 1);
    CHECK_EQUAL(watchdog(0, 0xffffffff), 2);
    CHECK_EQUAL(watchdog(0, 60), -PV_ENOSPC);
    CHECK_EQUAL(watchdog(2, 60), 0); // anew
    CHECK_EQUAL(watchdog(1, 0), 0);
    CHECK_EQUAL(watchdog(1, 0), -PV_EINVAL);
    CHECK_EQUAL(watchdog(0, 60), 1);
    CHECK_EQUAL(watchdog(1, 0), 0);
    CHECK_EQUAL(watchdog(2, 0), 0);
}

static void check_refused(void)
{
    CHECK_EQUAL(remote_shutdown(0), -PV_EPERM);
    CHECK_EQUAL(remote_shutdown(NOBODY), -PV_ESRCH);
    CHECK_EQUAL(remote_shutdown(PV_DOMID_SELF), -PV_ESRCH);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_PIN_OVERRIDE, NULL), -PV_EPERM);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_WATCHDOG, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_REMOTE_SHUTDOWN, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_SHUTDOWN_CODE, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_sched_op(8, NULL), -PV_ENOSYS);
}

int pv_main(const char *command_line)
{
    if (pv_strlen(command_line) == 0) {
        check_ids();
        check_refused();
        return report_end();
    }
    if (command_line[0] == 'c') { // "code": the reason given first counts
        struct pv_sched_shutdown crash = {.reason = PV_SHUTDOWN_CRASH}, poweroff = {.reason = PV_SHUTDOWN_POWEROFF};
        pv_sched_op(PV_SCHEDOP_SHUTDOWN_CODE, &crash);
        pv_sched_op(PV_SCHEDOP_SHUTDOWN_CODE, &poweroff);
        pv_sched_op(PV_SCHEDOP_SHUTDOWN, &poweroff);
        return 0;
    }
    pv_printf("set: %ld\n", watchdog(0, 1));
    for (;;) // hangs
        pv_sched_op(PV_SCHEDOP_BLOCK, NULL);
}
