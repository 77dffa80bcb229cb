// SPDX-License-Identifier: MIT
// Memory of any size. Blocks are aligned to 16 bytes. Safe in handlers.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *pv_malloc(size_t size); // null when there is no more
void *pv_calloc(size_t count, size_t size);
void *pv_realloc(void *block, size_t size); // null leaves the block as it was
void pv_free(void *block);

// A guest with an allocator of its own puts it in place of the library's, before the first block is allocated.
struct pv_heap_hooks {
    void *(*allocate)(size_t size);
    void *(*reallocate)(void *block, size_t size);
    void (*release)(void *block);
};
void pv_heap_use(const struct pv_heap_hooks *hooks);

#ifdef __cplusplus
}
#endif
