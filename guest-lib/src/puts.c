// SPDX-License-Identifier: MIT
// Printing without a format, and so without the formatter.

#include <pv/printf.h>
#include <pv/string.h>

void pv_puts(const char *text)
{
    pv_output(text, pv_strlen(text));
    pv_output("\n", 1);
}
