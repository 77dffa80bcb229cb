// SPDX-License-Identifier: MIT
// Compiler attributes that C11 and C++20 spell differently or not at all.
//
// Example:
//     PV_NORETURN void halt(void);
//     void log_line(const char *format, ...) PV_PRINTF(1, 2);
#pragma once

#define PV_NORETURN __attribute__((__noreturn__))
#define PV_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
