// SPDX-License-Identifier: MIT
// Where printed text goes, unless the kernel defines a pv_output of its own.

#include <pv/console.h>
#include <pv/printf.h>

void pv_output(const char *bytes, size_t size)
{
    pv_console_write(bytes, size);
}
