// SPDX-License-Identifier: MIT
// grants-calls: setting up the table, mapping, unmapping and copying, with every way to get it wrong.
//
// A domain may grant to itself, so one guest can play both sides: what owner and user see must be what two domains would see.
// Refusals matter as much: a grant is the only way to somebody else's memory.

#include "report.h"

#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

#define NOBODY 4242
#define MAX_FRAMES 32
#define MAPPINGS_ORDER 10
#define MAX_MAPPINGS (1 << MAPPINGS_ORDER)

static pv_domid_t self;
static char *owned, *window;

static struct pv_gnttab_map_grant_ref request(pv_grant_ref_t ref)
{
    return (struct pv_gnttab_map_grant_ref){
        .host_addr = (uintptr_t)window, .flags = PV_GNTMAP_HOST_MAP, .ref = ref, .dom = self, .status = 99};
}

static int map(struct pv_gnttab_map_grant_ref *argument)
{
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, argument, 1), 0);
    return argument->status;
}

static int unmap(uintptr_t address, pv_grant_handle_t handle)
{
    struct pv_gnttab_unmap_grant_ref argument = {.host_addr = address, .handle = handle, .status = 99};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, &argument, 1), 0);
    return argument.status;
}

static int copy(struct pv_gnttab_copy argument)
{
    argument.status = 99;
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_COPY, &argument, 1), 0);
    return argument.status;
}

static void check_table(void)
{
    struct pv_gnttab_query_size size = {.dom = PV_DOMID_SELF, .status = 99};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &size, 1), 0);
    CHECK_EQUAL(size.status, PV_GNTST_OKAY);
    CHECK_EQUAL(size.max_nr_frames, MAX_FRAMES);
    size.dom = NOBODY;
    pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &size, 1);
    CHECK_EQUAL(size.status, PV_GNTST_BAD_DOMAIN);
    size.dom = 0;
    pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &size, 1);
    CHECK_EQUAL(size.status, PV_GNTST_PERMISSION_DENIED);

    uint64_t frames[MAX_FRAMES + 1] = {0};
    struct pv_gnttab_setup_table setup = {.dom = PV_DOMID_SELF, .nr_frames = MAX_FRAMES + 1, .frame_list = (uintptr_t)frames};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1), 0);
    CHECK_EQUAL(setup.status, PV_GNTST_GENERAL_ERROR);
    CHECK_EQUAL(frames[0], 0);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 2), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &size, 2), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, frames, 0x80000000), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, frames, 0), 0);
}

static void check_mapping(void)
{
    const int ref = pv_grant_access(self, pv_virt_to_mfn(owned), false);
    CHECK(ref > 0);
    memset(owned, 'o', PV_PAGE_SIZE);
    memset(window, 'w', PV_PAGE_SIZE);
    struct pv_gnttab_map_grant_ref argument = request((pv_grant_ref_t)ref);
    CHECK_EQUAL(map(&argument), PV_GNTST_OKAY);
    CHECK_EQUAL(window[0], 'o');
    window[100] = 'n';
    CHECK_EQUAL(owned[100], 'n');
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)ref), -PV_EBUSY);

    struct pv_gnttab_map_grant_ref again = request((pv_grant_ref_t)ref);
    CHECK_EQUAL(map(&again), PV_GNTST_BAD_VIRT_ADDR); // shows a foreign frame already
    CHECK_EQUAL(unmap((uintptr_t)window, argument.handle + 1), PV_GNTST_BAD_HANDLE);
    CHECK_EQUAL(unmap((uintptr_t)window, 0xffffffff), PV_GNTST_BAD_HANDLE);
    CHECK_EQUAL(unmap((uintptr_t)owned, argument.handle), PV_GNTST_GENERAL_ERROR); // not there
    CHECK_EQUAL(window[100], 'n');
    CHECK_EQUAL(unmap((uintptr_t)window, argument.handle), PV_GNTST_OKAY);
    CHECK_EQUAL(unmap((uintptr_t)window, argument.handle), PV_GNTST_BAD_HANDLE);
    CHECK_EQUAL(window[0], 'w'); // its own content again
    CHECK_EQUAL(window[100], 'w');
    CHECK_EQUAL(owned[100], 'n');
    window[100] = 'x';
    CHECK_EQUAL(owned[100], 'n');
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)ref), 0);
}

static void check_refusals(void)
{
    const pv_grant_ref_t ref = (pv_grant_ref_t)pv_grant_access(self, pv_virt_to_mfn(owned), true);
    const pv_grant_ref_t other = (pv_grant_ref_t)pv_grant_access(0, pv_virt_to_mfn(owned), false);
    struct pv_gnttab_map_grant_ref argument = request(ref);
    CHECK_EQUAL(map(&argument), PV_GNTST_GENERAL_ERROR); // read-only, and writing was asked for
    argument = request(other);
    CHECK_EQUAL(map(&argument), PV_GNTST_GENERAL_ERROR); // granted to another domain
    argument = request(100000);
    CHECK_EQUAL(map(&argument), PV_GNTST_BAD_GNTREF);
    argument = request(0xffffffff);
    CHECK_EQUAL(map(&argument), PV_GNTST_BAD_GNTREF);

    static const struct {
        uint64_t offset;
        uint32_t flags;
        pv_domid_t dom;
        int status;
    } cases[] = {
        {0, PV_GNTMAP_READONLY, 0, PV_GNTST_BAD_GNTREF}, // neither for host nor for device
        {0, PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY | PV_GNTMAP_CONTAINS_PTE, 0, PV_GNTST_GENERAL_ERROR},
        {0, PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY, NOBODY, PV_GNTST_BAD_DOMAIN},
        {UINT64_C(1) << 46, PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY, 0, PV_GNTST_GENERAL_ERROR}, // nothing is there
        {UINT64_C(1) << 63, PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY, 0, PV_GNTST_GENERAL_ERROR},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        argument = request(ref);
        argument.host_addr += cases[i].offset;
        argument.flags = cases[i].flags;
        argument.dom = cases[i].dom ? cases[i].dom : self;
        CHECK_EQUAL(map(&argument), cases[i].status);
    }
    argument = request(ref);
    argument.flags |= PV_GNTMAP_READONLY;
    argument.host_addr = (uintptr_t)pv_shared; // not RAM
    CHECK_EQUAL(map(&argument), PV_GNTST_BAD_VIRT_ADDR);
    CHECK_EQUAL(pv_grant_end(ref), 0);
    CHECK_EQUAL(pv_grant_end(other), 0);
    argument = request(ref);
    argument.flags |= PV_GNTMAP_READONLY;
    CHECK_EQUAL(map(&argument), PV_GNTST_GENERAL_ERROR); // ended
}

// As many mappings as a domain may have, and one more.
static void check_limit(void)
{
    static pv_grant_handle_t handles[MAX_MAPPINGS];
    char *pages = pv_pages_alloc(MAPPINGS_ORDER);
    PV_ASSERT(pages);
    const pv_grant_ref_t ref = (pv_grant_ref_t)pv_grant_access(self, pv_virt_to_mfn(owned), false);
    unsigned mapped = 0;
    for (; mapped < MAX_MAPPINGS; mapped++) {
        struct pv_gnttab_map_grant_ref argument = request(ref);
        argument.host_addr = (uintptr_t)(pages + mapped * PV_PAGE_SIZE);
        if (map(&argument) != PV_GNTST_OKAY)
            break;
        handles[mapped] = argument.handle;
    }
    CHECK_EQUAL(mapped, MAX_MAPPINGS);
    struct pv_gnttab_map_grant_ref argument = request(ref);
    CHECK_EQUAL(map(&argument), PV_GNTST_NO_DEVICE_SPACE);
    owned[0] = 'a';
    CHECK_EQUAL(pages[(MAX_MAPPINGS - 1) * PV_PAGE_SIZE], 'a');
    while (mapped-- > 0)
        CHECK_EQUAL(unmap((uintptr_t)(pages + mapped * PV_PAGE_SIZE), handles[mapped]), PV_GNTST_OKAY);
    CHECK_EQUAL(pv_grant_end(ref), 0);
    pv_pages_free(pages, MAPPINGS_ORDER);
}

static void check_copying(void)
{
    const pv_grant_ref_t ref = (pv_grant_ref_t)pv_grant_access(self, pv_virt_to_mfn(owned), false);
    const pv_grant_ref_t fixed = (pv_grant_ref_t)pv_grant_access(self, pv_virt_to_mfn(owned), true);
    for (unsigned i = 0; i < PV_PAGE_SIZE; i++)
        owned[i] = (char)i;
    memset(window, 0, PV_PAGE_SIZE);
    struct pv_gnttab_copy good = {.source = {.u.ref = ref, .domid = self, .offset = 10},
                                  .dest = {.u.gmfn = pv_virt_to_mfn(window), .domid = PV_DOMID_SELF, .offset = 20},
                                  .len = 300,
                                  .flags = PV_GNTCOPY_SOURCE_GREF};
    CHECK_EQUAL(copy(good), PV_GNTST_OKAY);
    CHECK_EQUAL(memcmp(window + 20, owned + 10, 300), 0);
    CHECK(window[19] == 0 && window[320] == 0);

    struct pv_gnttab_copy wrong = good;
    wrong.source.offset = 4000;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_COPY_ARG);
    wrong = good;
    wrong.dest.offset = 4095;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_COPY_ARG);
    wrong = good;
    wrong.len = 0xffff;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_COPY_ARG);
    wrong = good;
    wrong.dest.domid = 0;
    CHECK_EQUAL(copy(wrong), PV_GNTST_PERMISSION_DENIED);
    wrong.dest.domid = NOBODY;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_DOMAIN);
    wrong = good;
    wrong.source.domid = NOBODY;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_DOMAIN);
    wrong = good;
    wrong.source.u.ref = 100000;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_GNTREF);
    wrong = good;
    wrong.dest.u.gmfn = UINT64_C(1) << 40;
    CHECK_EQUAL(copy(wrong), PV_GNTST_BAD_PAGE);
    wrong = good;
    wrong.dest = (struct pv_gnttab_copy_ptr){.u.ref = fixed, .domid = self, .offset = 0};
    wrong.flags |= PV_GNTCOPY_DEST_GREF;
    CHECK_EQUAL(copy(wrong), PV_GNTST_GENERAL_ERROR); // read-only
    CHECK_EQUAL(pv_grant_end(ref), 0); // no copy left it in use
    CHECK_EQUAL(pv_grant_end(fixed), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    self = (pv_domid_t)pv_xs_own_domid();
    owned = pv_page_alloc();
    window = pv_page_alloc();
    PV_ASSERT(owned && window);
    check_table();
    for (unsigned i = 0; i < 50; i++)
        check_mapping();
    check_refusals();
    check_limit();
    check_copying();
    return report_end();
}
