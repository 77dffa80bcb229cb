// SPDX-License-Identifier: MIT
// grant_table_op: the table itself, and the calls that need no grant.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>

#include <pvabi/grant_table.h>

#define MAX_FRAMES 32

static uint64_t frames[MAX_FRAMES + 1];

static void say_query(const char *what, unsigned domain)
{
    struct pv_gnttab_query_size query = {.dom = (pv_domid_t)domain, .status = 99};
    const long answer = pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &query, 1);
    say_status(what, answer, query.status);
    if (answer == 0 && query.status == PV_GNTST_OKAY) {
        say("  frames in use", query.nr_frames);
        say("  at most", query.max_nr_frames);
    }
}

static void say_setup(const char *what, unsigned domain, unsigned count, void *list)
{
    struct pv_gnttab_setup_table setup = {.dom = (pv_domid_t)domain, .nr_frames = count, .status = 99, .frame_list = (uintptr_t)list};
    const long answer = pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1);
    say_status(what, answer, setup.status);
}

static void say_table(void)
{
    say_query("gnttab query_size", PV_DOMID_SELF);
    say_query("gnttab query_size of no domain", NOBODY);
    say_setup("gnttab setup_table of no frame", PV_DOMID_SELF, 0, frames);
    say_setup("gnttab setup_table of one frame", PV_DOMID_SELF, 1, frames);
    say_whether("  it is named, and no other", frames[0] != 0 && frames[1] == 0);
    say_setup("gnttab setup_table of two frames", PV_DOMID_SELF, 2, frames);
    say_whether("  they are named, and no other", frames[0] != 0 && frames[1] != 0 && frames[1] != frames[0] && frames[2] == 0);
    say_query("gnttab query_size then", PV_DOMID_SELF);
    say_setup("gnttab setup_table of 33 frames", PV_DOMID_SELF, MAX_FRAMES + 1, frames);
    say_setup("gnttab setup_table of 2^32 - 1 frames", PV_DOMID_SELF, ~0U, frames);
    say_setup("gnttab setup_table of no domain", NOBODY, 1, frames);
    say_setup("gnttab setup_table to nowhere", PV_DOMID_SELF, 1, (void *)0x7fffffff0000);
    say_setup("gnttab setup_table of three frames to nowhere", PV_DOMID_SELF, 3, (void *)0x7fffffff0000);
    say_query("gnttab query_size then", PV_DOMID_SELF);
}

static void say_version(void)
{
    struct pv_gnttab_set_version set = {.version = 1};
    say("gnttab set_version 1", pv_grant_table_op(PV_GNTTABOP_SET_VERSION, &set, 1));
    set.version = 0;
    say("gnttab set_version 0", pv_grant_table_op(PV_GNTTABOP_SET_VERSION, &set, 1));
    set.version = 3;
    say("gnttab set_version 3", pv_grant_table_op(PV_GNTTABOP_SET_VERSION, &set, 1));
    struct pv_gnttab_get_version get = {.dom = PV_DOMID_SELF};
    say("gnttab get_version", pv_grant_table_op(PV_GNTTABOP_GET_VERSION, &get, 1));
    say("  version", get.version);
    get.dom = NOBODY;
    say("gnttab get_version of no domain", pv_grant_table_op(PV_GNTTABOP_GET_VERSION, &get, 1));
}

static long at_map(void *argument) { return pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, argument, 1); }
static long at_unmap(void *argument) { return pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, argument, 1); }
static long at_setup(void *argument) { return pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, argument, 1); }
static long at_query(void *argument) { return pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, argument, 1); }
static long at_copy(void *argument) { return pv_grant_table_op(PV_GNTTABOP_COPY, argument, 1); }
static long at_set_version(void *argument) { return pv_grant_table_op(PV_GNTTABOP_SET_VERSION, argument, 1); }
static long at_get_version(void *argument) { return pv_grant_table_op(PV_GNTTABOP_GET_VERSION, argument, 1); }

static void say_calls(void)
{
    say_bad_pointers("gnttab map_grant_ref, nowhere", at_map, sizeof(struct pv_gnttab_map_grant_ref));
    say_bad_pointers("gnttab unmap_grant_ref, nowhere", at_unmap, sizeof(struct pv_gnttab_unmap_grant_ref));
    say_bad_pointers("gnttab setup_table, nowhere", at_setup, sizeof(struct pv_gnttab_setup_table));
    say_bad_pointers("gnttab query_size, nowhere", at_query, sizeof(struct pv_gnttab_query_size));
    say_bad_pointers("gnttab copy, nowhere", at_copy, sizeof(struct pv_gnttab_copy));
    say_bad_pointers("gnttab set_version, nowhere", at_set_version, sizeof(struct pv_gnttab_set_version));
    say_bad_pointers("gnttab get_version, nowhere", at_get_version, sizeof(struct pv_gnttab_get_version));
    say("gnttab setup_table of two structs", pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, frames, 2));
    say("gnttab setup_table of no struct", pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, frames, 0));
    say("gnttab query_size of two structs", pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, frames, 2));
    say("gnttab map_grant_ref of no struct", pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, frames, 0));
    say("gnttab unmap_grant_ref of no struct", pv_grant_table_op(PV_GNTTABOP_UNMAP_GRANT_REF, frames, 0));
    say("gnttab copy of no struct", pv_grant_table_op(PV_GNTTABOP_COPY, frames, 0));
    say("gnttab map_grant_ref of 2^31 structs", pv_grant_table_op(PV_GNTTABOP_MAP_GRANT_REF, frames, 1U << 31));
    say("gnttab command 13", pv_grant_table_op(13, frames, 1));
    say("gnttab command 4095", pv_grant_table_op(4095, frames, 1)); // what is above means something inside Xen
}

void conform_grants(void)
{
    say_table();
    say_version();
    say_calls();
}
