// SPDX-License-Identifier: MIT
// A kernel of a megabyte that ends at once, for measuring what comes before its first instruction.
#include <pv/guest.h>

static volatile unsigned char ballast[1 << 20] = {1};

int pv_main(const char *command_line)
{
    (void)command_line;
    return ballast[0] - 1;
}
