// SPDX-License-Identifier: MIT
// exit-code: what the guest gives is what the command ends with, and only 0 to 99 can be given.

#include "report.h"

#include <pv/hypercall.h>

#include <pvabi/errno.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_exit_status(100), -PV_EINVAL);
    CHECK_EQUAL(pv_exit_status(124), -PV_EINVAL);
    CHECK_EQUAL(pv_exit_status(0xffffffff), -PV_EINVAL);
    CHECK_EQUAL(pv_exit_status(99), 0);
    CHECK_EQUAL(pv_exit_status(7), 0); // the last one counts
    return report_end() == 0 ? 42 : 1;
}
