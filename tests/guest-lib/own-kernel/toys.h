// SPDX-License-Identifier: MIT
// What this kernel has of its own, under the names that kernels give such things.
#pragma once

#include <stddef.h>
#include <stdint.h>

void *malloc(size_t size);
void free(void *block);
void *page_alloc(void);
void heap_init(uintptr_t begin, uintptr_t end);

int printf(const char *format, ...);
void panic(const char *why);

void cli(void);
void sti(void);

void *memset(void *to, int byte, size_t size);
