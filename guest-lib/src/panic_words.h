// SPDX-License-Identifier: MIT
// Internal: what pv_panic and pv_panic_at share.
#pragma once

#include <stdarg.h>
#include <stdint.h>

// Masks upcalls and prints why. A panic while panicking ends at once.
void pv_panic_begin(const char *format, va_list arguments);

// Prints the calls that led to this frame.
void pv_print_calls(uintptr_t frame);
