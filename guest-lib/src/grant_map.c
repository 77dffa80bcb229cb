// SPDX-License-Identifier: MIT
// The other side of grants: mapping a page that somebody else granted. A page of our own is given up for its address.

#include <pv/grant.h>

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>

#include <pvabi/errno.h>
#include <pvabi/mmu.h>

// On Xen our own page leaves its address before a foreign one comes, or the processor might go on showing it, and returns
// afterwards. At level 0 both happen by themselves.
static void set_own_entry(void *page, bool present)
{
    if (pv_is_auto_translated())
        return;
    const uint64_t entry = pv_virt_to_mfn(page) << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    pv_update_va_mapping((uintptr_t)page, present ? entry : 0, PV_UVMF_INVLPG);
}

int pv_grant_map(pv_domid_t owner, pv_grant_ref_t ref, bool read_only, struct pv_grant_mapping *mapping)
{
    void *page = pv_page_alloc();
    if (!page)
        return -PV_ENOMEM;
    set_own_entry(page, false);
    struct pv_gnttab_map_grant_ref argument = {
        .host_addr = (uintptr_t)page,
        .flags = PV_GNTMAP_HOST_MAP | (read_only ? PV_GNTMAP_READONLY : 0),
        .ref = ref,
        .dom = owner,
    };
    const long result = pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, &argument, 1);
    if (result == 0 && argument.status == PV_GNTST_OKAY) {
        *mapping = (struct pv_grant_mapping){.address = page, .handle = argument.handle};
        return 0;
    }
    set_own_entry(page, true);
    pv_page_free(page);
    return result < 0 ? (int)result : -PV_EACCES;
}

int pv_grant_unmap(struct pv_grant_mapping *mapping)
{
    struct pv_gnttab_unmap_grant_ref argument = {.host_addr = (uintptr_t)mapping->address, .handle = mapping->handle};
    const long result = pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, &argument, 1);
    if (result < 0)
        return (int)result;
    if (argument.status != PV_GNTST_OKAY)
        return -PV_EINVAL;
    set_own_entry(mapping->address, true);
    pv_page_free(mapping->address);
    mapping->address = NULL;
    return 0;
}
