// SPDX-License-Identifier: MIT
// The last words of a guest.

#include <pv/panic.h>

#include "panic_words.h"

#include <pv/start.h>

#include <pvabi/sched.h>

void pv_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pv_panic_begin(format, arguments);
    va_end(arguments);
    pv_backtrace();
    pv_shutdown(PV_SHUTDOWN_CRASH);
}
