// SPDX-License-Identifier: MIT
// grants-at-random: entries of any kind, changed at any time, and every grant call on them and on the other domain's.
//
// No status is positive, nothing of the victim can be mapped or copied, and when all is unmapped nothing is in use.

#include "hostile.h"

#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>

#define ROUNDS 20000
#define PAGES 4

static char *pages[PAGES];
static struct pv_grant_entry_v1 *table;
static int first, victim, self;
static struct {
    pv_grant_handle_t handle;
    uint64_t address;
} mapped[64];
static unsigned mapped_count;

static void write_entry(void)
{
    table[first + random_number() % PAGES] = (struct pv_grant_entry_v1){
        .flags = (uint16_t)(random_number() % 4 ? PV_GTF_PERMIT_ACCESS | random_number() % 3 : random_number()),
        .domid = (pv_domid_t)(random_number() % 4 ? self : (int)random_number()),
        .frame = (uint32_t)(random_number() % 4 ? pv_virt_to_mfn(pages[random_number() % PAGES]) : random_number()),
    };
}

static void map(bool of_victim)
{
    struct pv_gnttab_map_grant_ref op = {
        .host_addr = (uintptr_t)pages[random_number() % PAGES],
        .flags = (uint32_t)(PV_GNTMAP_HOST_MAP | (random_number() % 4 ? 0 : PV_GNTMAP_READONLY)),
        .ref = (pv_grant_ref_t)(of_victim ? random_number() % 512 : (uint64_t)first + random_number() % PAGES),
        .dom = (pv_domid_t)(of_victim ? victim : self),
        .status = 1,
    };
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, &op, 1), 0);
    CHECK(op.status <= 0);
    if (op.status != PV_GNTST_OKAY)
        return;
    CHECK(!of_victim); // it grants nothing to us
    mapped[mapped_count].handle = op.handle;
    mapped[mapped_count++].address = op.host_addr;
}

static int unmap(pv_grant_handle_t handle, uint64_t address)
{
    struct pv_gnttab_unmap_grant_ref op = {.host_addr = address, .handle = handle, .status = 1};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
    CHECK(op.status <= 0);
    return op.status;
}

static void copy(bool of_victim)
{
    struct pv_gnttab_copy op = {.len = (uint16_t)(random_number() % 5000 + 1), .flags = PV_GNTCOPY_SOURCE_GREF, .status = 1};
    op.source.u.ref = (pv_grant_ref_t)(random_number() % 512);
    op.source.domid = (pv_domid_t)(of_victim ? victim : self);
    op.source.offset = (uint16_t)(random_number() % 5000);
    op.dest.u.gmfn = pv_virt_to_mfn(pages[random_number() % PAGES]);
    op.dest.domid = PV_DOMID_SELF;
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_COPY, &op, 1), 0);
    CHECK(op.status < 0 || (!of_victim && op.status == PV_GNTST_OKAY));
}

static void unmap_last(void)
{
    if (mapped_count == 0)
        return;
    mapped_count--;
    CHECK(unmap(mapped[mapped_count].handle, mapped[mapped_count].address + PV_PAGE_SIZE) < 0);
    CHECK_EQUAL(unmap(mapped[mapped_count].handle, mapped[mapped_count].address), PV_GNTST_OKAY);
    CHECK(unmap(mapped[mapped_count].handle, mapped[mapped_count].address) < 0);
}

static int attack(void)
{
    self = must("our number", pv_xs_own_domid());
    victim = must("its number", pv_xs_find_domain("victim", PATIENCE));
    for (unsigned i = 0; i < PAGES; i++) {
        pages[i] = pv_page_alloc();
        const int ref = must("granting", pv_grant_access((pv_domid_t)self, pv_virt_to_mfn(pages[i]), false));
        first = i == 0 ? ref : first;
        CHECK_EQUAL(ref, first + (int)i);
    }
    table = pv_mfn_to_virt(pv_start_info->nr_pages + 1); // at level 0 it lies behind shared_info
    CHECK_EQUAL(table[first].frame, pv_virt_to_mfn(pages[0]));
    for (unsigned i = 0; i < ROUNDS; i++) {
        switch (random_number() % 6) {
        case 0: write_entry(); break;
        case 1: map(true); break;
        case 2: map(false); break;
        case 3: copy(random_number() % 2); break;
        case 4: unmap_last(); break;
        default: CHECK(unmap((pv_grant_handle_t)random_number(), (uintptr_t)pages[0]) < 0 || mapped_count > 0); break;
        }
    }
    while (mapped_count > 0)
        unmap_last();
    for (unsigned i = 0; i < PAGES; i++) {
        table[first + (int)i].flags = PV_GTF_PERMIT_ACCESS;
        CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)(first + (int)i)), 0);
    }
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
