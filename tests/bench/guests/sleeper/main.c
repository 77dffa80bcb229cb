// SPDX-License-Identifier: MIT
// Does nothing for ever, and says when it begins.
#include <pv/console.h>
#include <pv/guest.h>
#include <pv/time.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_printf("sleeping\n");
    for (;;)
        pv_sleep_ns(3600 * PV_SECOND_NS);
}
