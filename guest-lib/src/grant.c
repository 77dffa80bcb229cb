// SPDX-License-Identifier: MIT
// The owner's side of grants: the table and the order of stores that pvabi/grant_table.h numbers.

#include <pv/grant.h>

#include <pv/barrier.h>
#include <pv/config.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/panic.h>

#include <pvabi/errno.h>
#include <pvabi/mmu.h>

#define MAX_ENTRIES (PV_GRANT_FRAMES * PV_GRANT_ENTRIES_PER_FRAME)

static struct pv_grant_entry_v1 *frames[PV_GRANT_FRAMES];
static uint16_t next_free[MAX_ENTRIES]; // a list through the free entries; 0 ends it
static uint16_t first_free;
static unsigned free_count;
static bool ready;

// On Xen the table is mapped in place of these pages.
static char windows[PV_GRANT_FRAMES][PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static struct pv_grant_entry_v1 *map_frame(uint64_t mfn, unsigned index)
{
    if (pv_is_auto_translated())
        return pv_mfn_to_virt(mfn);
    const uint64_t entry = mfn << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    if (pv_update_va_mapping((uintptr_t)windows[index], entry, PV_UVMF_INVLPG) != 0)
        pv_panic("cannot map frame %u of the grant table", index);
    return (struct pv_grant_entry_v1 *)windows[index];
}

static unsigned frame_limit(void)
{
    struct pv_gnttab_query_size query = {.dom = PV_DOMID_SELF};
    if (pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &query, 1) != 0 || query.status != PV_GNTST_OKAY)
        return 1;
    return query.max_nr_frames < PV_GRANT_FRAMES ? query.max_nr_frames : PV_GRANT_FRAMES;
}

static void prepare(void)
{
    if (ready)
        return;
    ready = true;
    uint64_t mfns[PV_GRANT_FRAMES] = {0};
    struct pv_gnttab_setup_table setup = {
        .dom = PV_DOMID_SELF, .nr_frames = frame_limit(), .frame_list = (uintptr_t)mfns};
    if (pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1) != 0 || setup.status != PV_GNTST_OKAY)
        pv_panic("the hypervisor gives no grant table (status %d)", setup.status);
    for (unsigned i = 0; i < setup.nr_frames; i++)
        frames[i] = map_frame(mfns[i], i);
    for (unsigned ref = setup.nr_frames * PV_GRANT_ENTRIES_PER_FRAME; ref-- > PV_GNTTAB_NR_RESERVED_ENTRIES;) {
        next_free[ref] = first_free;
        first_free = (uint16_t)ref;
        free_count++;
    }
}

static struct pv_grant_entry_v1 *entry_of(pv_grant_ref_t ref)
{
    return &frames[ref / PV_GRANT_ENTRIES_PER_FRAME][ref % PV_GRANT_ENTRIES_PER_FRAME];
}

int pv_grant_access(pv_domid_t domain, uint64_t mfn, bool read_only)
{
    const bool enabled = pv_irq_save();
    prepare();
    const unsigned ref = first_free;
    if (ref) {
        first_free = next_free[ref];
        free_count--;
    }
    pv_irq_restore(enabled);
    if (!ref)
        return -PV_ENOSPC;

    struct pv_grant_entry_v1 *entry = entry_of(ref);
    entry->domid = domain;        // step 1
    entry->frame = (uint32_t)mfn; // step 2
    pv_wmb();                     // step 3
    PV_WRITE_ONCE(entry->flags, (uint16_t)(PV_GTF_PERMIT_ACCESS | (read_only ? PV_GTF_READONLY : 0))); // step 4
    return (int)ref;
}

int pv_grant_end(pv_grant_ref_t ref)
{
    if (!ready || ref < PV_GNTTAB_NR_RESERVED_ENTRIES || ref >= MAX_ENTRIES ||
        !frames[ref / PV_GRANT_ENTRIES_PER_FRAME])
        return -PV_EINVAL;
    struct pv_grant_entry_v1 *entry = entry_of(ref);
    uint16_t flags = PV_READ_ONCE(entry->flags); // step 1
    do {
        if (flags & (PV_GTF_READING | PV_GTF_WRITING)) // step 2
            return -PV_EBUSY;
    } while (!__atomic_compare_exchange_n(&entry->flags, &flags, (uint16_t)0, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST)); // step 3

    const bool enabled = pv_irq_save();
    next_free[ref] = first_free;
    first_free = (uint16_t)ref;
    free_count++;
    pv_irq_restore(enabled);
    return 0;
}

unsigned pv_grants_available(void)
{
    prepare();
    return free_count;
}
