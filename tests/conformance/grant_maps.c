// SPDX-License-Identifier: MIT
// grant_table_op: mapping and unmapping.

#include "groups.h"
#include "own_grants.h"
#include "say.h"

#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/mmu.h>

static char window[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
static char elsewhere[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static struct pv_gnttab_map_grant_ref request(pv_grant_ref_t ref, uint32_t flags)
{
    return (struct pv_gnttab_map_grant_ref){
        .host_addr = (uintptr_t)window, .flags = flags, .ref = ref, .dom = own_domain(), .status = 99};
}

static void say_map(const char *what, struct pv_gnttab_map_grant_ref *argument)
{
    const long answer = pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, argument, 1);
    say_status(what, answer, argument->status);
}

static void say_unmap(const char *what, uintptr_t address, pv_grant_handle_t handle)
{
    struct pv_gnttab_unmap_grant_ref argument = {.host_addr = address, .handle = handle, .status = 99};
    const long answer = pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, &argument, 1);
    say_status(what, answer, argument.status);
}

static void say_refused(const char *what, struct pv_gnttab_map_grant_ref argument) { say_map(what, &argument); }

static void say_mapping(void)
{
    const pv_grant_ref_t ref = grant_to(own_domain(), false);
    memset(granted_page, 'g', sizeof granted_page);
    // Xen puts a mapping where none should be yet: it does not flush what the CPU remembers.
    say("update_va_mapping of nothing, to make room for a grant", pv_update_va_mapping((uintptr_t)window, 0, PV_UVMF_INVLPG));
    struct pv_gnttab_map_grant_ref argument = request(ref, PV_GNTMAP_HOST_MAP);
    say_map("gnttab map_grant_ref", &argument);
    volatile char *const shown = window; // the two pages are one, which a compiler does not know
    say_whether("  shows the granted page", shown[0] == 'g');
    shown[1] = 'x';
    say_whether("  a write arrives there", *(volatile char *)&granted_page[1] == 'x');
    say_whether("  the grant can be ended", pv_grant_end(ref) == 0);
    say_unmap("gnttab unmap_grant_ref of another handle", (uintptr_t)window, argument.handle + 1);
    say_unmap("gnttab unmap_grant_ref of handle 2^32 - 1", (uintptr_t)window, ~0U);
    say_unmap("gnttab unmap_grant_ref at another address", (uintptr_t)elsewhere, argument.handle);
    say_unmap("gnttab unmap_grant_ref", (uintptr_t)window, argument.handle);
    say_unmap("gnttab unmap_grant_ref again", (uintptr_t)window, argument.handle);

    argument = request(ref, PV_GNTMAP_HOST_MAP);
    argument.host_addr += 8;
    say_map("gnttab map_grant_ref, not at the page's first byte", &argument);
    say_whether("  shows the granted page", shown[0] == 'g');
    say_unmap("gnttab unmap_grant_ref, not at that byte", (uintptr_t)window, argument.handle);
    say_whether("  the grant can be ended", pv_grant_end(ref) == 0);
    say_refused("gnttab map_grant_ref of a grant that has ended", request(ref, PV_GNTMAP_HOST_MAP));
}

static void say_refusals(void)
{
    const pv_grant_ref_t fixed = grant_to(own_domain(), true), other = grant_to(NOBODY, false);
    const uint32_t host = PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY;
    say_refused("gnttab map_grant_ref to write to a page granted for reading", request(fixed, PV_GNTMAP_HOST_MAP));
    say_refused("gnttab map_grant_ref of a grant to another domain", request(other, host));
    say_refused("gnttab map_grant_ref of a reference behind the table", request(100000, host));
    say_refused("gnttab map_grant_ref of reference 2^32 - 1", request(~0U, host));
    say_refused("gnttab map_grant_ref neither for host nor device", request(fixed, PV_GNTMAP_READONLY));
    struct pv_gnttab_map_grant_ref argument = request(fixed, host);
    argument.dom = NOBODY;
    say_refused("gnttab map_grant_ref of no domain", argument);
    argument.dom = PV_DOMID_SELF;
    say_refused("gnttab map_grant_ref of DOMID_SELF", argument);
    argument = request(fixed, host);
    argument.host_addr = UINT64_C(0x7fffffff0000);
    say_refused("gnttab map_grant_ref where nothing is", argument);
    argument.host_addr = UINT64_C(1) << 63;
    say_refused("gnttab map_grant_ref at an address that is not canonical", argument);
    argument.ref = 100000; // the grant is looked at before the place for it
    say_refused("gnttab map_grant_ref of a reference behind the table, at such an address", argument);
    pv_grant_end(fixed);
    pv_grant_end(other);
}

void conform_grant_maps(void)
{
    say_mapping();
    say_refusals();
}
