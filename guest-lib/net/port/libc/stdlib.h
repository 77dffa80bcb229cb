// SPDX-License-Identifier: MIT
// What lwIP's sources use of C's <stdlib.h>: for the numbers in names of interfaces.
#pragma once

static inline int atoi(const char *text)
{
    unsigned number = 0;
    while (*text >= '0' && *text <= '9')
        number = number * 10 + (unsigned)(*text++ - '0');
    return (int)number;
}
