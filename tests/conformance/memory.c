// SPDX-License-Identifier: MIT
// memory_op.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/memory.h>
#include <pvabi/mmu.h>

static char page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static long reservation(unsigned command, pv_domid_t domain) { return pv_memory_op(command, &domain); }
static long current_at(void *argument) { return pv_memory_op(PV_XENMEM_CURRENT_RESERVATION, argument); }
static long maximum_at(void *argument) { return pv_memory_op(PV_XENMEM_MAXIMUM_RESERVATION, argument); }
static long decrease_at(void *argument) { return pv_memory_op(PV_XENMEM_DECREASE_RESERVATION, argument); }
static long populate_at(void *argument) { return pv_memory_op(PV_XENMEM_POPULATE_PHYSMAP, argument); }
static long map_at(void *argument) { return pv_memory_op(PV_XENMEM_MEMORY_MAP, argument); }
static long machphys_at(void *argument) { return pv_memory_op(PV_XENMEM_MACHPHYS_MAPPING, argument); }

static void say_amounts(void)
{
    const long pages = (long)pv_start_info->nr_pages;
    say_whether("memory_op current_reservation is nr_pages", reservation(PV_XENMEM_CURRENT_RESERVATION, PV_DOMID_SELF) == pages);
    say_whether("memory_op maximum_reservation is nr_pages", reservation(PV_XENMEM_MAXIMUM_RESERVATION, PV_DOMID_SELF) == pages);
    say_whether("memory_op maximum_ram_page is nr_pages or more", pv_memory_op(PV_XENMEM_MAXIMUM_RAM_PAGE, NULL) >= pages);
    say("memory_op current_reservation of no domain", reservation(PV_XENMEM_CURRENT_RESERVATION, NOBODY));
    say("memory_op maximum_reservation of no domain", reservation(PV_XENMEM_MAXIMUM_RESERVATION, NOBODY));
    say_bad_pointers("memory_op current_reservation, nowhere", current_at, sizeof(pv_domid_t));
    say_bad_pointers("memory_op maximum_reservation, nowhere", maximum_at, sizeof(pv_domid_t));
    for (unsigned command = PV_XENMEM_MAXIMUM_RAM_PAGE; command <= PV_XENMEM_MAXIMUM_RESERVATION; command++)
        say("memory_op, such a command at extent 1", reservation(1U << 6 | command, PV_DOMID_SELF));
}

static void say_maps(void)
{
    struct pv_e820_entry entries[4];
    struct pv_memory_map map = {.nr_entries = 4, .buffer = (uintptr_t)entries};
    say("memory_op memory_map", map_at(&map));
    map = (struct pv_memory_map){.nr_entries = 0};
    say("memory_op memory_map without room", map_at(&map));
    map = (struct pv_memory_map){.nr_entries = 1};
    say("memory_op memory_map to null", map_at(&map));
    say_bad_pointers("memory_op memory_map, nowhere", map_at, sizeof map);
    struct pv_machphys_mapping mapping;
    say("memory_op machphys_mapping", machphys_at(&mapping));
    say_whether("  the table is empty", mapping.v_start == mapping.v_end);
    say_bad_pointers("memory_op machphys_mapping, nowhere", machphys_at, sizeof mapping);
}

static struct pv_memory_reservation extents(uint64_t *list, uint64_t count)
{
    return (struct pv_memory_reservation){.extent_start = (uintptr_t)list, .nr_extents = count, .domid = PV_DOMID_SELF};
}

// A page goes and comes back. On Xen another frame may come, whose number is in the list afterwards.
static void say_page(void)
{
    const long pages = (long)pv_start_info->nr_pages;
    uint64_t list[2] = {pv_virt_to_mfn(page), UINT64_C(1) << 40};
    struct pv_memory_reservation argument = extents(list, 2);
    say("memory_op decrease_reservation by a page and one that nobody has", decrease_at(&argument));
    say("update_va_mapping of nothing in its place", pv_update_va_mapping((uintptr_t)page, 0, PV_UVMF_INVLPG));
    say_whether("memory_op current_reservation is a page less",
                reservation(PV_XENMEM_CURRENT_RESERVATION, PV_DOMID_SELF) == pages - 1);
    say_whether("memory_op maximum_reservation is not", reservation(PV_XENMEM_MAXIMUM_RESERVATION, PV_DOMID_SELF) == pages);
    list[0] = pv_virt_to_pfn(page);
    argument = extents(list, 1);
    say("memory_op populate_physmap", populate_at(&argument));
    const uint64_t entry = list[0] << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    say("update_va_mapping of the page that came", pv_update_va_mapping((uintptr_t)page, entry, PV_UVMF_INVLPG));
    *(volatile char *)page = 1;
    const uint64_t frame = list[0];
    list[0] = pv_virt_to_pfn(page);
    say("memory_op populate_physmap, a page too many", populate_at(&argument));

    pv_update_va_mapping((uintptr_t)page, 0, PV_UVMF_INVLPG);
    list[0] = frame;
    say("memory_op decrease_reservation by a page that shows nowhere", decrease_at(&argument));
    say("memory_op decrease_reservation by it again", decrease_at(&argument));
    list[0] = pv_virt_to_pfn(page);
    say("memory_op populate_physmap", populate_at(&argument));
    say("update_va_mapping of the page that came",
        pv_update_va_mapping((uintptr_t)page, list[0] << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE, PV_UVMF_INVLPG));
}

static void say_refusals(const char *what, pointer_call call)
{
    uint64_t list[1] = {UINT64_C(1) << 40};
    struct pv_memory_reservation argument = extents(list, 0);
    say(what, call(&argument));
    argument = extents(NULL, 1);
    say("  list at null", call(&argument));
    argument = extents(list, 1);
    argument.domid = NOBODY;
    say("  no domain", call(&argument));
    argument = extents(list, UINT64_C(1) << 26);
    say("  2^26 extents", call(&argument));
    argument = extents(list, ~UINT64_C(0));
    say("  2^64 - 1 extents", call(&argument));
    static const uint32_t orders[] = {9, 13, 63, 64, 0xffffffff};
    long answers[5];
    for (unsigned i = 0; i < 5; i++) {
        argument = extents(list, 1);
        argument.extent_order = orders[i];
        answers[i] = call(&argument);
    }
    say_all("  orders 9, 13, 63, 64, 2^32 - 1", answers, 5);
    say_bad_pointers("  nowhere", call, sizeof argument);
}

// What the memory of a guest without page tables of its own cannot do.
static void say_not_offered(void)
{
    uint64_t list[1] = {0};
    struct pv_memory_reservation argument = extents(list, 0);
    say("memory_op increase_reservation by nothing", pv_memory_op(PV_XENMEM_INCREASE_RESERVATION, &argument));
    say("memory_op machphys_mfn_list, nowhere", pv_memory_op(PV_XENMEM_MACHPHYS_MFN_LIST, NULL));
    say("memory_op add_to_physmap, nowhere", pv_memory_op(PV_XENMEM_ADD_TO_PHYSMAP, NULL));
    say("memory_op exchange, nowhere", pv_memory_op(PV_XENMEM_EXCHANGE, NULL));
    say("memory_op maximum_gpfn, nowhere", pv_memory_op(PV_XENMEM_MAXIMUM_GPFN, NULL));
    say("memory_op remove_from_physmap, nowhere", pv_memory_op(PV_XENMEM_REMOVE_FROM_PHYSMAP, NULL));
    say("memory_op memory_map at extent 1", pv_memory_op(1U << 6 | PV_XENMEM_MEMORY_MAP, NULL));
    say("memory_op command 63", pv_memory_op(63, NULL));
}

void conform_memory(void)
{
    say_amounts();
    say_maps();
    say_page();
    say_refusals("memory_op decrease_reservation by nothing", decrease_at);
    say_refusals("memory_op populate_physmap of nothing", populate_at);
    say_not_offered();
}
