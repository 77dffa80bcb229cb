// SPDX-License-Identifier: MIT
// What lwIP's sources use of C's <string.h>.
#pragma once

#include <pv/string.h>

#define strlen pv_strlen

static inline int strncmp(const char *left, const char *right, size_t size)
{
    for (; size; size--, left++, right++)
        if (*left != *right || *left == '\0')
            return (unsigned char)*left - (unsigned char)*right;
    return 0;
}
