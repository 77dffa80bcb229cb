// SPDX-License-Identifier: MIT
// level0-special-frames: shared_info and the grant table lie directly behind RAM and are mapped from the start.
//
// A level 0 guest makes no mapping call at all, so it must find them there; update_va_mapping, which the same kernel would
// use on Xen, agrees to what is so anyway.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>

#include <pvabi/grant_table.h>
#include <pvabi/mmu.h>

#define GRANT_FRAMES 32
#define FLAGS (PV_PTE_PRESENT | 2) // writable

static uintptr_t address_of(uint64_t frame)
{
    return pv_base + (frame << PV_PAGE_SHIFT);
}

static long map(uintptr_t address, uint64_t frame)
{
    return pv_update_va_mapping(address, frame << PV_PAGE_SHIFT | FLAGS, 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    if (!pv_is_auto_translated())
        report_skip("not level 0");
    const uint64_t pages = pv_start_info->nr_pages;
    CHECK_EQUAL(pv_start_info->shared_info, pages << PV_PAGE_SHIFT);
    CHECK_EQUAL((uintptr_t)pv_shared, address_of(pages));

    const struct pv_grant_entry_v1 *grants = (const struct pv_grant_entry_v1 *)address_of(pages + 1);
    CHECK_EQUAL(grants[PV_GNTTAB_RESERVED_CONSOLE].flags & PV_GTF_TYPE_MASK, PV_GTF_PERMIT_ACCESS);
    CHECK_EQUAL(grants[PV_GNTTAB_RESERVED_CONSOLE].domid, 0);
    CHECK_EQUAL(grants[PV_GNTTAB_RESERVED_CONSOLE].frame, pv_start_info->console.domU.mfn);
    CHECK_EQUAL(grants[PV_GNTTAB_RESERVED_XENSTORE].flags & PV_GTF_TYPE_MASK, PV_GTF_PERMIT_ACCESS);
    CHECK_EQUAL(grants[PV_GNTTAB_RESERVED_XENSTORE].frame, pv_start_info->store_mfn);
    CHECK_EQUAL(pv_start_info->store_evtchn, 1);
    CHECK_EQUAL(pv_start_info->console.domU.evtchn, 2);

    uint64_t frames[GRANT_FRAMES];
    struct pv_gnttab_setup_table setup = {.dom = PV_DOMID_SELF, .nr_frames = GRANT_FRAMES, .frame_list = (uintptr_t)frames};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1), 0);
    CHECK_EQUAL(setup.status, PV_GNTST_OKAY);
    for (unsigned i = 0; i < GRANT_FRAMES; i++) {
        CHECK_EQUAL(frames[i], pages + 1 + i);
        volatile struct pv_grant_entry_v1 *last = (volatile struct pv_grant_entry_v1 *)address_of(frames[i] + 1) - 1;
        CHECK_EQUAL(last->flags, 0);
        last->frame = i; // ours to write
    }

    CHECK_EQUAL(map(address_of(pages), pages), 0);
    CHECK_EQUAL(map(address_of(pages + GRANT_FRAMES), pages + GRANT_FRAMES), 0);
    CHECK(map(address_of(pages), pages + GRANT_FRAMES + 1) < 0); // no such frame
    CHECK_EQUAL(map(address_of(pages) + 1, pages), 0); // any byte of the page names it
    CHECK_EQUAL((uintptr_t)pv_shared->vcpu_info[0].evtchn_upcall_mask, 1);
    return report_end();
}
