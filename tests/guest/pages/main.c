// SPDX-License-Identifier: MIT
// pages: the allocator hands out all of RAM once, joins what comes back, and touches hardly any of it before.

#include "report.h"

#include <pv/memory.h>
#include <pv/pages.h>

#define TOUCHED_PAGES 64 // the table of orders and one page for each free run, with room to spare

// Memory that nobody wrote to is zero; the links of a free run are not.
static unsigned long touched_pages(void)
{
    unsigned long touched = 0;
    for (uintptr_t page = pv_boot_end; page < pv_ram_end; page += PV_PAGE_SIZE) {
        const uint64_t *words = (const uint64_t *)page;
        touched += (words[0] | words[1] | words[PV_PAGE_SIZE / 8 - 1]) != 0;
    }
    return touched;
}

static unsigned largest_order(void)
{
    for (unsigned order = PV_PAGE_ORDERS; order-- != 0;) {
        void *run = pv_pages_alloc(order);
        if (run) {
            pv_pages_free(run, order);
            return order;
        }
    }
    return 0;
}

// Takes all pages as a list, each with its successor, its own address and a mark.
static uintptr_t *take_all(unsigned long *count)
{
    uintptr_t *last = NULL, *page;
    for (*count = 0; (page = pv_page_alloc()) != NULL; ++*count) {
        CHECK((uintptr_t)page >= pv_boot_end && (uintptr_t)page < pv_ram_end && (uintptr_t)page % PV_PAGE_SIZE == 0);
        page[0] = (uintptr_t)last;
        page[1] = (uintptr_t)page;
        last = page;
    }
    return last;
}

static void give_all(uintptr_t *page)
{
    while (page) {
        uintptr_t *next = (uintptr_t *)page[0];
        CHECK_EQUAL(page[1], (uintptr_t)page); // nobody else was given it
        pv_page_free(page);
        page = next;
    }
}

static void check_parts(void)
{
    const size_t before = pv_pages_available();
    char *run = pv_pages_alloc(4);
    CHECK(run && pv_virt_to_pfn(run) % 16 == 0);
    pv_pages_add(run + 3 * PV_PAGE_SIZE - 1, run + 16 * PV_PAGE_SIZE + 100); // only whole pages count
    CHECK_EQUAL(pv_pages_available(), before - 3);
    pv_pages_add(run, run + 3 * PV_PAGE_SIZE);
    CHECK_EQUAL(pv_pages_available(), before);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const size_t available = pv_pages_available();
    CHECK(touched_pages() <= TOUCHED_PAGES);
    const unsigned order = largest_order();
    CHECK(((size_t)2 << order) * 2 > available); // most of RAM is in few runs

    unsigned long count;
    uintptr_t *pages = take_all(&count);
    CHECK_EQUAL(count, available);
    CHECK_EQUAL(pv_pages_available(), 0);
    give_all(pages);
    CHECK_EQUAL(pv_pages_available(), available);
    CHECK_EQUAL(largest_order(), order);
    check_parts();
    CHECK_EQUAL(largest_order(), order);
    return report_end();
}
