// SPDX-License-Identifier: MIT
// The few functions on memory and text that a freestanding guest needs. The four mem* functions are weak: a guest that
// brings its own wins. Compilers call them on their own account. In any context.
//
// Example:
//     bool is_yes(const char *text)
//     {
//         uint64_t number;
//         return pv_streq(text, "yes") || (pv_parse_number(text, &number) && number != 0);
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

size_t pv_strlen(const char *text);
bool pv_streq(const char *left, const char *right);

// Parses a whole text as a number, decimal or 0x hexadecimal; false if it is none or does not fit.
bool pv_parse_number(const char *text, uint64_t *number);

#ifdef __cplusplus
}
#endif
