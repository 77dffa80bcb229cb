// SPDX-License-Identifier: MIT
// shutdown: every reason ends the domain, each with its own meaning for the command.
//
// A guest that asks for its end does not expect to go on: an error would send it into a loop for ever.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/sched.h>

int pv_main(const char *command_line)
{
    uint64_t reason;
    PV_ASSERT(pv_parse_number(command_line, &reason));
    pv_exit_status(7);
    pv_printf("reason %lu\n", reason);
    pv_console_flush(1000000000);
    struct pv_sched_shutdown argument = {.reason = (uint32_t)reason};
    const long result = pv_sched_op(PV_SCHEDOP_SHUTDOWN, &argument);
    pv_printf("FAILURE it went on with %ld\n", result);
    return 1;
}
