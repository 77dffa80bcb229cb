// SPDX-License-Identifier: MIT
// bad-pages: every pointer a call takes is refused when its page is inside the guest's memory but cannot be used so now.
//
// A page may show another domain's grant that is only to be read, it may be unmapped, and it may have been given back. Whoever
// answers a call must know that: where guest and monitor share their mappings, an answer written there would be the monitor's
// own fault. A structure that begins on a good page and ends on a bad one is just as bad.

#include "pointer_calls.h"
#include "report.h"

#include <pv/event.h>
#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>
#include <pvabi/mmu.h>
#include <pvabi/multicall.h>

static char *page; // its neighbours are good

static void check_calls(bool can_be_read)
{
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const uintptr_t pointers[] = {(uintptr_t)page, (uintptr_t)page + 4088, (uintptr_t)page - 1};
        for (unsigned k = 0; k < 3 && (calls[i].use == ANSWERS || !can_be_read); k++)
            if (!CHECK_EQUAL(make_call(&calls[i], pointers[k]), -PV_EFAULT))
                pv_printf("    %s with %#lx\n", calls[i].name, pointers[k]);
    }
}

// Pointers inside structs that something is written to.
static void check_nested(void)
{
    struct pv_memory_map map = {.nr_entries = 4, .buffer = (uintptr_t)page};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_MEMORY_MAP, &map), -PV_EFAULT);
    struct pv_gnttab_setup_table setup = {.dom = PV_DOMID_SELF, .nr_frames = 2, .frame_list = (uintptr_t)page};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1), 0);
    CHECK_EQUAL(setup.status, PV_GNTST_BAD_VIRT_ADDR);
    struct pv_chainload load = {
        .kernel_bytes = 1, .kernel_frames = (uintptr_t)page - PV_PAGE_SIZE, .reason = (uintptr_t)page, .reason_bytes = 64};
    CHECK(pv_chainload_op(&load) < 0);
    // What the monitor would go on writing to.
    const unsigned areas[] = {PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA};
    for (unsigned i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        uint64_t address = (uintptr_t)page;
        CHECK(pv_vcpu_op((int)areas[i], 0, &address) < 0);
    }
    struct pv_vcpu_register_vcpu_info info = {.mfn = pv_virt_to_mfn(page)};
    CHECK(pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 0, &info) < 0);
}

// A list whose first entry lies before the page, but for its result.
static void check_multicall(void)
{
    struct pv_multicall_entry *straddling = (struct pv_multicall_entry *)(page - 8);
    straddling->op = PV_HC_NOP;
    CHECK_EQUAL(pv_multicall(straddling, 1), -PV_EFAULT);
    CHECK_EQUAL(pv_multicall((struct pv_multicall_entry *)page, 1), -PV_EFAULT);
}

static void check_page(const char *what, bool can_be_read)
{
    const unsigned failures = report_failures;
    check_calls(can_be_read);
    check_nested();
    check_multicall();
    if (report_failures != failures)
        pv_printf("    the page is %s\n", what);
}

static void check_read_only(void)
{
    char *granted = pv_page_alloc();
    memset(granted, 0, PV_PAGE_SIZE);
    const pv_domid_t self = (pv_domid_t)pv_xs_own_domid();
    const int ref = pv_grant_access(self, pv_virt_to_mfn(granted), false);
    CHECK(ref > 0);
    struct pv_gnttab_map_grant_ref map = {
        .host_addr = (uintptr_t)page, .flags = PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY, .ref = (pv_grant_ref_t)ref, .dom = self};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, &map, 1), 0);
    CHECK_EQUAL(map.status, PV_GNTST_OKAY);
    check_page("granted read-only", true);
    struct pv_gnttab_unmap_grant_ref unmap = {.host_addr = (uintptr_t)page, .handle = map.handle};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, &unmap, 1), 0);
    CHECK_EQUAL(unmap.status, PV_GNTST_OKAY);
    char written = 0;
    for (unsigned i = 0; i < PV_PAGE_SIZE; i++)
        written |= granted[i];
    CHECK_EQUAL(written, 0);
}

static void check_unmapped(void)
{
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)page, 0, PV_UVMF_INVLPG), 0);
    check_page("unmapped", false);
    const uint64_t entry = pv_virt_to_mfn(page) << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)page, entry, PV_UVMF_INVLPG), 0);
}

static void check_given_back(void)
{
    uint64_t frame = pv_virt_to_mfn(page);
    struct pv_memory_reservation op = {.extent_start = (uintptr_t)&frame, .nr_extents = 1, .domid = PV_DOMID_SELF};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_DECREASE_RESERVATION, &op), 1);
    check_page("given back", false);
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_POPULATE_PHYSMAP, &op), 1);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    if (!pv_is_auto_translated())
        report_skip("not level 0");
    char *pages = pv_pages_alloc(2);
    memset(pages, 0, 4 * PV_PAGE_SIZE);
    page = pages + PV_PAGE_SIZE;
    check_read_only();
    check_unmapped();
    check_given_back();
    *page = 1; // all is as it was
    return report_end();
}
