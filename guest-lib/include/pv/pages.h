// SPDX-License-Identifier: MIT
// Whole pages: the RAM behind what the builder put into memory, handed out in runs of 2^order pages that are aligned to
// their size. Contents are whatever was there. Safe in handlers.
//
// A hook: rings and the heap take their pages here. A kernel that has an allocator of pages defines pv_pages_alloc and
// pv_pages_free itself, and the library's is not linked. What it hands out lies in the domain's RAM.
//
// Example:
//     void *make_ring(void)
//     {
//         uint64_t *page = (uint64_t *)pv_page_alloc();
//         for (unsigned i = 0; page && i < PV_PAGE_SIZE / 8; i++)
//             page[i] = 0;
//         return page; // for pv_page_free
//     }
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <pvabi/page.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_PAGE_ORDERS 20 // the largest run is 2^19 pages, 2 GiB

// 2^order pages, or null.
void *pv_pages_alloc(unsigned order);

// Gives back a run as it was allocated. Null is nothing.
void pv_pages_free(void *run, unsigned order);

static inline void *pv_page_alloc(void)
{
    return pv_pages_alloc(0);
}

static inline void pv_page_free(void *page)
{
    pv_pages_free(page, 0);
}

// Adds memory that was in use from the beginning, such as the ramdisk once it is no longer needed. Only whole pages count.
void pv_pages_add(const void *begin, const void *end);

// Pages that are free now.
size_t pv_pages_available(void);

// The smallest order whose run holds so many bytes.
static inline unsigned pv_order_for(size_t bytes)
{
    const size_t pages = (bytes + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
    unsigned order = 0;
    while (((size_t)1 << order) < pages)
        order++;
    return order;
}

#ifdef __cplusplus
}
#endif
