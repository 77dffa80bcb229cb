// SPDX-License-Identifier: MIT
// Memory of any size. Blocks are aligned to 16 bytes. Safe in handlers.
//
// A hook: a kernel that has an allocator defines pv_malloc and pv_free itself, and the library uses those; its own heap is
// then not linked. Who also wants pv_realloc defines that, too. pv_calloc goes by whichever pv_malloc there is.
//
// Example:
//     char *copy_of(const char *text, size_t length)
//     {
//         char *copy = (char *)pv_malloc(length + 1);
//         for (size_t i = 0; copy && i <= length; i++)
//             copy[i] = i < length ? text[i] : '\0';
//         return copy; // for pv_free
//     }
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *pv_malloc(size_t size); // null when there is no more
void *pv_calloc(size_t count, size_t size);
void *pv_realloc(void *block, size_t size); // null leaves the block as it was
void pv_free(void *block);

#ifdef __cplusplus
}
#endif
