// SPDX-License-Identifier: MIT
// grant_table_op: copying.

#include "groups.h"
#include "own_grants.h"
#include "say.h"

#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/string.h>

static char buffer[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static void say_copy(const char *what, struct pv_gnttab_copy argument)
{
    argument.status = 99;
    const long answer = pv_grant_table_op(PV_GNTTABOP_COPY, &argument, 1);
    say_status(what, answer, argument.status);
}

static bool arrived(unsigned from, unsigned to, unsigned bytes)
{
    return memcmp(buffer + to, granted_page + from, bytes) == 0;
}

void conform_grant_copies(void)
{
    const pv_domid_t self = own_domain();
    const pv_grant_ref_t ref = grant_to(self, false), fixed = grant_to(self, true), other = grant_to(NOBODY, false);
    for (unsigned i = 0; i < PV_PAGE_SIZE; i++)
        granted_page[i] = (char)(i * 7);
    memset(buffer, 0, sizeof buffer);
    const struct pv_gnttab_copy good = {.source = {.u.ref = ref, .domid = self, .offset = 10},
                                        .dest = {.u.gmfn = pv_virt_to_mfn(buffer), .domid = PV_DOMID_SELF, .offset = 20},
                                        .len = 300,
                                        .flags = PV_GNTCOPY_SOURCE_GREF};
    struct pv_gnttab_copy copy = good;
    say_copy("gnttab copy from a grant", copy);
    say_whether("  it arrives", arrived(10, 20, 300) && buffer[19] == 0 && buffer[320] == 0);
    copy.source.domid = PV_DOMID_SELF;
    say_copy("gnttab copy from a grant of DOMID_SELF", copy);
    copy = good;
    copy.source.offset = copy.dest.offset = 0;
    copy.len = PV_PAGE_SIZE;
    say_copy("gnttab copy of a whole page", copy);
    say_whether("  it arrives", arrived(0, 0, PV_PAGE_SIZE));
    copy.len = PV_PAGE_SIZE + 1;
    say_copy("gnttab copy of a byte more", copy);
    copy = good;
    copy.source.offset = PV_PAGE_SIZE - 299;
    say_copy("gnttab copy beyond the end of the source", copy);
    copy = good;
    copy.dest.offset = PV_PAGE_SIZE - 299;
    say_copy("gnttab copy beyond the end of the destination", copy);

    copy = (struct pv_gnttab_copy){.source = good.dest, .dest = good.source, .len = 10, .flags = PV_GNTCOPY_DEST_GREF};
    say_copy("gnttab copy to a grant", copy);
    copy.dest.u.ref = fixed;
    say_copy("gnttab copy to a grant for reading", copy);
    copy = good;
    copy.source.u.ref = fixed;
    say_copy("gnttab copy from a grant for reading", copy);
    copy.source.u.ref = other;
    say_copy("gnttab copy from a grant to another domain", copy);
    copy.source.u.ref = 100000;
    say_copy("gnttab copy from a reference behind the table", copy);
    copy = good;
    copy.source.domid = NOBODY;
    say_copy("gnttab copy from a grant of no domain", copy);
    copy = good;
    copy.dest.u.gmfn = UINT64_C(1) << 40;
    say_copy("gnttab copy to a frame that nobody has", copy);
    copy = good;
    copy.dest.domid = NOBODY;
    say_copy("gnttab copy to a frame of no domain", copy);
    copy.dest.domid = self;
    say_copy("gnttab copy to a frame of one's own number", copy);
    copy.source.u.ref = 100000;
    say_copy("gnttab copy from a reference behind the table to a frame of one's own number", copy);
    copy.dest.domid = NOBODY;
    say_copy("gnttab copy from a reference behind the table to a frame of no domain", copy);
    copy.dest.domid = PV_DOMID_SELF;
    copy.len = PV_PAGE_SIZE + 1;
    say_copy("gnttab copy of too much from a reference behind the table", copy);
    copy = good;
    copy.len = 0;
    say_copy("gnttab copy of nothing", copy);
    copy.source.u.ref = 100000;
    say_copy("gnttab copy of nothing from a reference behind the table", copy);
    copy = good;
    copy.len = 0;
    copy.dest.offset = PV_PAGE_SIZE;
    say_copy("gnttab copy of nothing to the end of a page", copy);
    copy.dest.offset = PV_PAGE_SIZE + 1;
    say_copy("gnttab copy of nothing beyond the end of a page", copy);
    copy = good;
    copy.flags = 0;
    copy.source = (struct pv_gnttab_copy_ptr){.u.gmfn = pv_virt_to_mfn(granted_page), .domid = PV_DOMID_SELF};
    say_copy("gnttab copy between own frames", copy);
    pv_grant_end(ref);
    say_copy("gnttab copy from a grant that has ended", good);
    pv_grant_end(fixed);
    pv_grant_end(other);
}
