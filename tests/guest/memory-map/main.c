// SPDX-License-Identifier: MIT
// memory-map: the domain has exactly the memory it was given, and every answer about it agrees.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>

#include <pvabi/errno.h>
#include <pvabi/memory.h>

#define GIVEN_MIB 24 // as in test.json
#define PAGES_PER_MIB 256

static long reservation(unsigned command, unsigned domain)
{
    struct pv_memory_domain argument = {.domid = (pv_domid_t)domain};
    return pv_memory_op(command, &argument);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const unsigned long pages = pv_start_info->nr_pages;
    CHECK_EQUAL(pages, GIVEN_MIB * PAGES_PER_MIB);
    CHECK_EQUAL(pv_ram_end - pv_base, pages << PV_PAGE_SHIFT);

    struct pv_e820_entry entries[4] = {0};
    struct pv_memory_map map = {.nr_entries = 4, .buffer = (uintptr_t)entries};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_MEMORY_MAP, &map), 0);
    CHECK_EQUAL(map.nr_entries, 1);
    CHECK_EQUAL(entries[0].type, PV_E820_RAM);
    CHECK_EQUAL(entries[0].addr[0] | entries[0].addr[1], 0);
    CHECK_EQUAL(entries[0].size[0], pages << PV_PAGE_SHIFT);
    CHECK_EQUAL(entries[1].type, 0);

    const unsigned commands[] = {PV_XENMEM_CURRENT_RESERVATION, PV_XENMEM_MAXIMUM_RESERVATION};
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQUAL(reservation(commands[i], PV_DOMID_SELF), pages);
        CHECK_EQUAL(reservation(commands[i], 0), -PV_EPERM);
        CHECK_EQUAL(reservation(commands[i], 4242), -PV_ESRCH);
    }
    static uint64_t argument[16];
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_INCREASE_RESERVATION, argument), -PV_ENOSYS);
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_EXCHANGE, argument), -PV_ENOSYS);

    // All of it can be used, to the last byte.
    *(volatile char *)(pv_ram_end - 1) = 42;
    CHECK_EQUAL(*(volatile char *)(pv_ram_end - 1), 42);
    CHECK(pv_pages_available() > pages / 2);
    return report_end();
}
