// SPDX-License-Identifier: MIT
// The smallest guest: says hello and shows the command line it was started with.

#include <pv/guest.h>

int pv_main(const char *command_line)
{
    pv_printf("Hello from a paravirtual guest.\n");
    pv_printf("My command line is \"%s\".\n", command_line);
    return 0; // the exit status of pvisor
}
