// SPDX-License-Identifier: MIT
// The heap: small blocks come in powers of two from lists filled page by page, large ones are runs of pages. A header of
// 16 bytes before each block says which.

#include <pv/heap.h>

#include <pv/event.h>
#include <pv/pages.h>
#include <pv/panic.h>
#include <pv/string.h>

#define SMALLEST_SHIFT 5 // 32 bytes with the header
#define CLASSES 7        // 32, 64 ... 2048
#define MAGIC 0x70766870u

struct header {
    uint32_t magic;
    uint32_t kind; // below CLASSES: a class of small blocks; otherwise CLASSES + the order of a run
    struct header *next_free;
};

static struct header *free_blocks[CLASSES];

static size_t whole_size(uint32_t kind)
{
    return kind < CLASSES ? (size_t)1 << (SMALLEST_SHIFT + kind) : (size_t)PV_PAGE_SIZE << (kind - CLASSES);
}

static struct header *refill(uint32_t kind)
{
    char *page = pv_page_alloc();
    if (!page)
        return NULL;
    const size_t size = whole_size(kind);
    for (size_t at = 0; at < PV_PAGE_SIZE; at += size) {
        struct header *block = (struct header *)(page + at);
        block->next_free = free_blocks[kind];
        free_blocks[kind] = block;
    }
    return free_blocks[kind];
}

static struct header *allocate(size_t whole)
{
    for (uint32_t kind = 0; kind < CLASSES; kind++) {
        if (whole > whole_size(kind))
            continue;
        struct header *block = free_blocks[kind] ? free_blocks[kind] : refill(kind);
        if (!block)
            return NULL;
        free_blocks[kind] = block->next_free;
        block->kind = kind;
        return block;
    }
    const unsigned order = pv_order_for(whole);
    struct header *block = pv_pages_alloc(order);
    if (block)
        block->kind = CLASSES + order;
    return block;
}

void *pv_malloc(size_t size)
{
    if (size > (size_t)PV_PAGE_SIZE << (PV_PAGE_ORDERS - 1))
        return NULL;
    const bool enabled = pv_irq_save();
    struct header *block = allocate(size + sizeof *block);
    pv_irq_restore(enabled);
    if (!block)
        return NULL;
    block->magic = MAGIC;
    return block + 1;
}

static struct header *header_of(void *block)
{
    struct header *header = (struct header *)block - 1;
    PV_ASSERT(header->magic == MAGIC); // freed twice, overrun, or never allocated
    return header;
}

void pv_free(void *block)
{
    if (!block)
        return;
    struct header *header = header_of(block);
    const uint32_t kind = header->kind;
    header->magic = 0;
    const bool enabled = pv_irq_save();
    if (kind < CLASSES) {
        header->next_free = free_blocks[kind];
        free_blocks[kind] = header;
    } else {
        pv_pages_free(header, kind - CLASSES);
    }
    pv_irq_restore(enabled);
}

void *pv_realloc(void *block, size_t size)
{
    if (!block)
        return pv_malloc(size);
    const size_t usable = whole_size(header_of(block)->kind) - sizeof(struct header);
    if (size <= usable)
        return block;
    void *larger = pv_malloc(size);
    if (!larger)
        return NULL;
    memcpy(larger, block, usable);
    pv_free(block);
    return larger;
}
