// SPDX-License-Identifier: MIT
// How a guest test says what it found. Each failed CHECK prints a line; the last line is the verdict, which run.py reads:
// SUCCESS, SKIP reason, ERROR reason (the test could not be made) or FAILURE.
//
//     int pv_main(const char *command_line)
//     {
//         CHECK_EQUAL(pv_nop(), 0);
//         return report_end();
//     }
#pragma once

#include <stdbool.h>

#include <pv/guest.h>

#define REPORT_LINES 20 // failed checks that are printed; the others are only counted

static unsigned report_failures;

static inline void report_failure(const char *file, int line, const char *what)
{
    if (report_failures++ < REPORT_LINES)
        pv_printf("%s:%d: not so: %s\n", file, line, what);
}

static inline bool report_is_equal(const char *file, int line, const char *what, long actual, long expected)
{
    if (actual == expected)
        return true;
    report_failure(file, line, what);
    if (report_failures <= REPORT_LINES)
        pv_printf("    %ld (%#lx) instead of %ld (%#lx)\n", actual, (unsigned long)actual, expected, (unsigned long)expected);
    return false;
}

#define CHECK(condition) ((condition) ? (void)0 : report_failure(__FILE__, __LINE__, #condition))
#define CHECK_EQUAL(actual, expected) \
    report_is_equal(__FILE__, __LINE__, #actual " == " #expected, (long)(actual), (long)(expected))

// What pv_main returns.
static inline int report_end(void)
{
    if (report_failures == 0)
        pv_puts("SUCCESS");
    else
        pv_printf("FAILURE %u checks failed\n", report_failures);
    return report_failures == 0 ? 0 : 1;
}

static inline PV_NORETURN void report_skip(const char *reason)
{
    pv_printf("SKIP %s\n", reason);
    pv_exit(0);
}

static inline PV_NORETURN void report_error(const char *what, long result)
{
    pv_printf("ERROR %s: %ld\n", what, result);
    pv_exit(1);
}
