// SPDX-License-Identifier: MIT
// memory-reservation: memory that is given back is gone, and comes back empty.
//
// Balloon drivers do this. A frame that was given back must not be reachable any more, neither by the guest's own loads nor by a
// pointer in a call, and whoever gets memory must not find in it what was there before.

#include "probe.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>
#include <pvabi/grant_table.h>
#include <pvabi/memory.h>
#include <pvabi/xen_version.h>

#define ORDER 8
#define MANY (1u << ORDER)

static uint64_t frames[MANY];
static volatile char *block; // MANY pages

static volatile char *page(unsigned i)
{
    return block + (uintptr_t)i * PV_PAGE_SIZE;
}

static uint64_t frame_of(const volatile void *address)
{
    return ((uintptr_t)address - pv_base) >> PV_PAGE_SHIFT;
}

static long change(unsigned command, uint64_t count, unsigned order)
{
    struct pv_memory_reservation op = {
        .extent_start = (uintptr_t)frames, .nr_extents = count, .extent_order = order, .domid = PV_DOMID_SELF};
    return pv_memory_op(command, &op);
}

static long reservation(void)
{
    struct pv_memory_domain self = {.domid = PV_DOMID_SELF};
    return pv_memory_op(PV_XENMEM_CURRENT_RESERVATION, &self);
}

static long release(uint64_t frame)
{
    frames[0] = frame;
    return change(PV_XENMEM_DECREASE_RESERVATION, 1, 0);
}

static void check_gone(void)
{
    *page(3) = 42;
    CHECK_EQUAL(release(frame_of(page(3))), 1);
    CHECK_EQUAL(reservation(), pv_start_info->nr_pages - 1);
    CHECK(!can_read(page(3)));
    CHECK(can_write(page(2)) && can_write(page(4)));
    // No pointer leads there either, whoever answers the call.
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_CURRENT_RESERVATION, (void *)page(3)), -PV_EFAULT);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_EXTRAVERSION, (void *)page(3)), -PV_EFAULT);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_CAPABILITIES, (void *)(page(3) - 512)), -PV_EFAULT); // its end does
    CHECK_EQUAL(pv_set_trap_table((const void *)page(3)), -PV_EFAULT);
    CHECK_EQUAL(release(frame_of(page(3))), 0);

    frames[0] = frame_of(page(3));
    CHECK_EQUAL(change(PV_XENMEM_POPULATE_PHYSMAP, 1, 0), 1);
    CHECK_EQUAL(*page(3), 0);
    CHECK_EQUAL(reservation(), pv_start_info->nr_pages);
    CHECK_EQUAL(change(PV_XENMEM_POPULATE_PHYSMAP, 1, 0), 0); // it is there
}

// A balloon driver for Xen unmaps a page before it gives it back.
static void check_unmapped(void)
{
    *page(3) = 42;
    CHECK_EQUAL(pv_update_va_mapping((uintptr_t)page(3), 0, 0), 0);
    CHECK_EQUAL(release(frame_of(page(3))), 1);
    CHECK_EQUAL(reservation(), pv_start_info->nr_pages - 1);
    CHECK(!can_read(page(3)));
    frames[0] = frame_of(page(3));
    CHECK_EQUAL(change(PV_XENMEM_POPULATE_PHYSMAP, 1, 0), 1);
    CHECK_EQUAL(*page(3), 0);
}

// Single frames, in one list longer than what is served at once.
static void check_many(void)
{
    memset((void *)block, 1, MANY * PV_PAGE_SIZE);
    for (unsigned i = 0; i < MANY; i++)
        frames[i] = frame_of(page(i));
    CHECK_EQUAL(change(PV_XENMEM_DECREASE_RESERVATION, MANY, 0), MANY);
    CHECK_EQUAL(reservation(), pv_start_info->nr_pages - MANY);
    CHECK_EQUAL(change(PV_XENMEM_POPULATE_PHYSMAP, MANY, 0), MANY);
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQUAL(*page(i), 0);
    // And as one extent.
    memset((void *)block, 1, MANY * PV_PAGE_SIZE);
    CHECK_EQUAL(change(PV_XENMEM_DECREASE_RESERVATION, 1, ORDER), 1);
    CHECK(!can_read(page(MANY - 1)));
    CHECK_EQUAL(change(PV_XENMEM_POPULATE_PHYSMAP, 1, ORDER), 1);
    CHECK_EQUAL(*page(MANY - 1), 0);
}

static void check_refused(void)
{
    const uint64_t pages = pv_start_info->nr_pages;
    CHECK_EQUAL(release(frame_of(pv_start_info)), 0);
    CHECK_EQUAL(release(pv_start_info->store_mfn), 0);
    CHECK_EQUAL(release(pv_start_info->console.domU.mfn), 0);
    CHECK_EQUAL(release(pages), 0);
    CHECK_EQUAL(release(UINT64_MAX), 0);
    CHECK_EQUAL(change(PV_XENMEM_DECREASE_RESERVATION, UINT64_C(1) << 40, 0), 0);
    frames[0] = frame_of(block);
    for (unsigned order = 10; order < 256; order += 7)
        CHECK_EQUAL(change(PV_XENMEM_DECREASE_RESERVATION, 1, order), 0);
    struct pv_memory_reservation op = {.extent_start = 8, .nr_extents = 1, .domid = PV_DOMID_SELF};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_DECREASE_RESERVATION, &op), 0);
    op = (struct pv_memory_reservation){.extent_start = (uintptr_t)frames, .nr_extents = 1, .domid = 0};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_DECREASE_RESERVATION, &op), 0);
    CHECK_EQUAL(reservation(), pages);
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_INCREASE_RESERVATION, &op), -PV_ENOSYS);
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_EXCHANGE, &op), -PV_ENOSYS);
}

static void check_machphys(void)
{
    struct pv_machphys_mapping mapping = {0};
    CHECK_EQUAL(pv_memory_op(PV_XENMEM_MACHPHYS_MAPPING, &mapping), 0);
    CHECK_EQUAL(mapping.v_start, mapping.v_end);
    CHECK_EQUAL(mapping.max_mfn, pv_memory_op(PV_XENMEM_MAXIMUM_RAM_PAGE, NULL) - 1);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    block = pv_pages_alloc(ORDER);
    if (block == NULL)
        report_error("allocating", 0);
    probe_start();
    check_gone();
    check_unmapped();
    check_many();
    check_refused();
    check_machphys();
    return report_end();
}
