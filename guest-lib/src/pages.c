// SPDX-License-Identifier: MIT
// A buddy allocator. Free runs of one order form a list whose links lie in the runs themselves; one byte per page tells
// whether a free run begins there, and of which order. Two free neighbours of the same order (buddies) become one run.

#include <pv/pages.h>

#include <pv/event.h>
#include <pv/memory.h>
#include <pv/panic.h>
#include <pv/string.h>

#include <stdbool.h>

struct run {
    struct run *next, *previous;
};

#define NOT_FREE 0xff

static struct run heads[PV_PAGE_ORDERS]; // rings; a head alone is an empty list
static uint8_t *free_order;              // of each page of RAM, by pfn
static uint64_t pages_in_ram;
static size_t available;

static struct run *run_at(uint64_t pfn)
{
    return (struct run *)(pv_base + (pfn << PV_PAGE_SHIFT));
}

static void insert(uint64_t pfn, unsigned order)
{
    struct run *run = run_at(pfn);
    struct run *head = &heads[order];
    *run = (struct run){.next = head->next, .previous = head};
    head->next->previous = run;
    head->next = run;
    free_order[pfn] = (uint8_t)order;
    available += (size_t)1 << order;
}

static void take(uint64_t pfn, unsigned order)
{
    struct run *run = run_at(pfn);
    run->next->previous = run->previous;
    run->previous->next = run->next;
    free_order[pfn] = NOT_FREE;
    available -= (size_t)1 << order;
}

static void release(uint64_t pfn, unsigned order)
{
    for (; order + 1 < PV_PAGE_ORDERS; order++) {
        const uint64_t buddy = pfn ^ (UINT64_C(1) << order);
        if (buddy >= pages_in_ram || free_order[buddy] != order)
            break;
        take(buddy, order);
        pfn &= ~(UINT64_C(1) << order);
    }
    insert(pfn, order);
}

// The largest run that begins at pfn, as runs of its order do, and ends at `last` or before.
static unsigned order_at(uint64_t pfn, uint64_t last)
{
    unsigned order = 0;
    while (order + 1 < PV_PAGE_ORDERS) {
        const uint64_t pages = UINT64_C(2) << order;
        if (pfn % pages != 0 || last - pfn < pages)
            break;
        order++;
    }
    return order;
}

// In as few runs as possible: each page that is written to costs the host a page of memory.
static void add_range(uintptr_t begin, uintptr_t end)
{
    uint64_t pfn = (begin - pv_base + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
    const uint64_t last = end > pv_base ? (end - pv_base) >> PV_PAGE_SHIFT : 0;
    while (pfn < last) {
        const unsigned order = order_at(pfn, last);
        release(pfn, order);
        pfn += UINT64_C(1) << order;
    }
}

static void prepare(void)
{
    if (free_order)
        return;
    for (unsigned order = 0; order < PV_PAGE_ORDERS; order++)
        heads[order].next = heads[order].previous = &heads[order];
    pages_in_ram = (pv_ram_end - pv_base) >> PV_PAGE_SHIFT;

    uint64_t ramdisk_bytes;
    uintptr_t ramdisk = (uintptr_t)pv_ramdisk(&ramdisk_bytes);
    uintptr_t ramdisk_end = ramdisk + ramdisk_bytes;
    uintptr_t begin = pv_boot_end;
    if (ramdisk < begin) // among the boot pages, or none
        ramdisk = ramdisk_end = pv_ram_end;
    if (ramdisk - begin < pages_in_ram) { // no room for the table before it
        begin = ramdisk_end;
        ramdisk = ramdisk_end = pv_ram_end;
    }
    PV_ASSERT(begin + pages_in_ram <= pv_ram_end);

    free_order = (uint8_t *)begin;
    memset(free_order, NOT_FREE, pages_in_ram);
    add_range(begin + pages_in_ram, ramdisk & ~(uintptr_t)(PV_PAGE_SIZE - 1));
    add_range(ramdisk_end, pv_ram_end);
}

void *pv_pages_alloc(unsigned order)
{
    const bool enabled = pv_irq_save();
    prepare();
    unsigned found = order;
    while (found < PV_PAGE_ORDERS && heads[found].next == &heads[found])
        found++;
    void *result = NULL;
    if (found < PV_PAGE_ORDERS) {
        result = heads[found].next;
        const uint64_t pfn = pv_virt_to_pfn(result);
        take(pfn, found);
        while (found > order) { // give back the upper half until the size is right
            found--;
            insert(pfn + (UINT64_C(1) << found), found);
        }
    }
    pv_irq_restore(enabled);
    return result;
}

void pv_pages_free(void *run, unsigned order)
{
    if (!run)
        return;
    const bool enabled = pv_irq_save();
    const uint64_t pfn = pv_virt_to_pfn(run);
    PV_ASSERT(free_order && pfn + (UINT64_C(1) << order) <= pages_in_ram && free_order[pfn] == NOT_FREE);
    release(pfn, order);
    pv_irq_restore(enabled);
}

void pv_pages_add(const void *begin, const void *end)
{
    const bool enabled = pv_irq_save();
    prepare();
    add_range((uintptr_t)begin, (uintptr_t)end);
    pv_irq_restore(enabled);
}

size_t pv_pages_available(void)
{
    const bool enabled = pv_irq_save();
    prepare();
    const size_t now = available;
    pv_irq_restore(enabled);
    return now;
}
