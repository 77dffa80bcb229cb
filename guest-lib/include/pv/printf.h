// SPDX-License-Identifier: MIT
// Formatted text without floating point: %d %i %u %x %X %o %c %s %p %% with the flags '-', '0', '+', ' ' and '#', width and
// precision as numbers or '*', and the sizes hh h l ll z t j. Anything else is printed as it stands.
// Formatting works in any context, printing where pv_output does.
//
// Example:
//     int path_of(char *path, size_t size, unsigned domid)
//     {
//         const int length = pv_snprintf(path, size, "/local/domain/%u", domid);
//         pv_printf("%-20s|%#x\n", path, domid);
//         return length;
//     }
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <pv/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

// Formats into text, always ending it with a NUL if size is not 0. Returns the length the whole text would have had.
int pv_snprintf(char *text, size_t size, const char *format, ...) PV_PRINTF(3, 4);
int pv_vsnprintf(char *text, size_t size, const char *format, va_list arguments);

// Formats piece by piece; the sink gets bytes without a NUL. Returns the length of the whole.
typedef void (*pv_sink)(void *context, const char *bytes, size_t size);
int pv_vformat(pv_sink sink, void *context, const char *format, va_list arguments);

// Where pv_printf, pv_puts and pv_panic print. A hook: the library's writes to the console (console.h); a kernel that
// defines its own has the library print there, and its console is then not linked.
void pv_output(const char *bytes, size_t size);

// Prints a text and a newline.
void pv_puts(const char *text);

// Prints. Returns the number of characters.
int pv_printf(const char *format, ...) PV_PRINTF(1, 2);
int pv_vprintf(const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif
