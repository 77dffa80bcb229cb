// SPDX-License-Identifier: MIT
// Copying, filling and comparing memory. The string instructions are as fast as anything simple on current processors,
// and they use no vector registers, which matters in handlers.

#include <pv/string.h>

__attribute__((weak)) void *memcpy(void *to, const void *from, size_t size)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(to, from, size);
    void *last = (char *)to + size - 1;
    const void *source = (const char *)from + size - 1;
    __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(last), "+S"(source), "+c"(size) : : "memory", "cc");
    return to;
}

__attribute__((weak)) void *memset(void *to, int byte, size_t size)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

__attribute__((weak)) int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *l = left;
    const unsigned char *r = right;
    for (; size; size--, l++, r++)
        if (*l != *r)
            return *l - *r;
    return 0;
}
