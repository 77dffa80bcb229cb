// SPDX-License-Identifier: MIT
// Internal: x87 and SSE state around a handler that asked for it. The handler starts with the default control words.
#pragma once

#include <stdint.h>

struct fpu_state {
    char image[512] __attribute__((aligned(16)));
};

static inline void fpu_save(struct fpu_state *state)
{
    const uint32_t default_mxcsr = 0x1f80;
    __asm__ volatile("fxsave64 %0" : "=m"(*state));
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(default_mxcsr));
}

static inline void fpu_restore(const struct fpu_state *state)
{
    __asm__ volatile("fxrstor64 %0" : : "m"(*state));
}
