// SPDX-License-Identifier: MIT
// update-va-mapping: what a kernel without page tables may still map: the special frames where it wants them, and nothing.
//
// Kernels made for Xen map shared_info over a page of their own, and unmap the page at their first address so that a null
// pointer faults. Both must work as there, or the same program is not the same here.

#include "probe.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>

#include <pvabi/errno.h>
#include <pvabi/grant_table.h>
#include <pvabi/mmu.h>
#include <pvabi/sched.h>
#include <pvabi/xen_version.h>

#define RW (PV_PTE_PRESENT | PV_PTE_WRITABLE)

static volatile char *page;

static uint64_t frame_of(const volatile void *address)
{
    return ((uintptr_t)address - pv_base) >> PV_PAGE_SHIFT;
}

static long map(const volatile void *address, uint64_t frame, uint64_t flags)
{
    return pv_update_va_mapping((uintptr_t)address, frame << PV_PAGE_SHIFT | flags, PV_UVMF_INVLPG);
}

static void check_shared_info(uint64_t shared_info)
{
    *page = 42;
    CHECK_EQUAL(map(page + 8, shared_info, RW), 0); // any byte of the page names it
    volatile struct pv_shared_info *second = (volatile struct pv_shared_info *)page;
    CHECK_EQUAL(second->wc_sec, pv_shared->wc_sec);
    pv_shared->evtchn_mask[63] = 0x1234;
    CHECK_EQUAL(second->evtchn_mask[63], 0x1234);
    second->evtchn_mask[63] = 0x4321;
    CHECK_EQUAL(pv_shared->evtchn_mask[63], 0x4321);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_YIELD, NULL), 0);

    CHECK_EQUAL(map(page, shared_info + 1, PV_PTE_PRESENT), 0); // another one, read-only
    CHECK(can_read(page));
    CHECK(!can_write(page));
    CHECK_EQUAL(pv_xen_version(PV_XENVER_EXTRAVERSION, (void *)page), -PV_EFAULT);
    struct pv_gnttab_query_size *size = (struct pv_gnttab_query_size *)page;
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, size, 1), -PV_EFAULT);

    CHECK_EQUAL(map(page, frame_of(page), RW), 0);
    CHECK_EQUAL(*page, 42);
}

static void check_nothing(void)
{
    *page = 43;
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)page, 0, 0), 0);
    CHECK(!can_read(page));
    CHECK_EQUAL(pv_fault_address(), (uintptr_t)page);
    CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_POLL, (void *)page), -PV_EFAULT);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_CHANGESET, (void *)page), -PV_EFAULT);
    CHECK_EQUAL(map(page, frame_of(page), PV_PTE_PRESENT), -PV_EINVAL); // RAM comes back whole or not at all
    CHECK_EQUAL(map(page, frame_of(page), RW), 0);
    CHECK_EQUAL(*page, 43);

    // The kernel's first page, as a guard for null pointers. It holds nothing that is used.
    CHECK_EQUAL(pv_update_va_mapping(pv_base, 0, 0), 0);
    CHECK(!can_read((void *)pv_base));
}

// Addresses at which nothing of the guest's lies, so that nothing can be entered there.
static void check_outside(uint64_t shared_info)
{
    const uintptr_t outside = UINT64_C(0x123456789000); // far from anything, in any engine's window
    CHECK_EQUAL(pv_update_va_mapping(outside, 0, 0), -PV_EINVAL);
    CHECK(!can_read((void *)outside));
    CHECK_EQUAL(map((void *)outside, shared_info, RW), -PV_EINVAL);
    CHECK(!can_read((void *)outside));
}

static void check_refused(uint64_t shared_info)
{
    CHECK_EQUAL(map(page, frame_of(page) + 1, RW), -PV_EINVAL); // some other RAM
    CHECK_EQUAL(map(page, shared_info + 33, RW), -PV_EINVAL);   // no such frame
    CHECK_EQUAL(map(pv_shared, shared_info + 1, RW), -PV_EINVAL);
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)pv_shared, 0, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)pv_start_info & ~UINT64_C(4095), 0, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_update_va_mapping(pv_base + (pv_start_info->store_mfn << PV_PAGE_SHIFT), 0, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_update_va_mapping(UINT64_C(0xffff800000000000), 0, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_update_va_mapping(0, 0, 0), -PV_EINVAL);
}

// The page that the stack is on goes away: nothing can be delivered to this guest any more, and it ends.
static void lose_stack(void)
{
    volatile char here = 0;
    pv_update_va_mapping((uintptr_t)&here & ~UINT64_C(4095), 0, 0);
}

int pv_main(const char *command_line)
{
    if (!pv_is_auto_translated())
        report_skip("not level 0");
    const uint64_t shared_info = pv_start_info->shared_info >> PV_PAGE_SHIFT;
    page = pv_page_alloc();
    probe_start();
    if (command_line[0] != '\0') {
        lose_stack();
        return 1;
    }
    check_shared_info(shared_info);
    check_nothing();
    check_outside(shared_info);
    check_refused(shared_info);
    return report_end();
}
