// SPDX-License-Identifier: MIT
// The console: bytes out, bytes in, as they are (no translation of newlines). printf.h prints text.
// Uses the console ring, or, where a domain has none (Xen's first domain), the console_io call.
// Printing is safe with upcalls masked and in handlers, but not in two handlers at once.
//
// Example:
//     void echo(void)
//     {
//         char bytes[80];
//         for (;;)
//             pv_console_write(bytes, pv_console_read(bytes, sizeof bytes));
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Writes all bytes; waits while the ring is full.
void pv_console_write(const char *bytes, size_t size);

// Waits until all that was written has been taken, at most this many nanoseconds. Done by pv_exit.
void pv_console_flush(uint64_t limit_ns);

// The next byte typed, or -1 if there is none now.
int pv_console_getc(void);

// Waits for input and reads what is there, 1 to size bytes.
size_t pv_console_read(char *bytes, size_t size);

// Waits for input until this system time (time.h), 0 for ever. True if there is some.
bool pv_console_wait(uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
