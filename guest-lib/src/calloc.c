// SPDX-License-Identifier: MIT
// Zeroed memory, from whichever pv_malloc was linked.

#include <pv/heap.h>

#include <pv/string.h>

void *pv_calloc(size_t count, size_t size)
{
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole))
        return NULL;
    void *block = pv_malloc(whole);
    if (block)
        memset(block, 0, whole);
    return block;
}
