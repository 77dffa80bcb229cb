// SPDX-License-Identifier: MIT
// xen-names: a kernel written in Xen's names, from start_info to the shutdown, works as it stands.
//
// Everything up to pv_main is as kernels for Xen have it: their structs, numbers, calls and ring macros. The console is driven
// by hand, so that output through Xen's struct is seen, too; the disk's ring is checked in memory of our own.

#include <pv/xen_hypercall.h>
#include <pv/xen_ring.h>

#include "report.h"

#include <pv/memory.h>

struct demo_request { uint64_t id; };
struct demo_response { uint64_t id; int16_t status; };
DEFINE_RING_TYPES(demo, struct demo_request, struct demo_response);

static void print_by_ring(const start_info_t *si, const char *text)
{
    struct xencons_interface *console = (struct xencons_interface *)pv_mfn_to_virt(si->console.domU.mfn);
    XENCONS_RING_IDX prod = console->out_prod;
    while (*text && prod - console->out_cons < sizeof(console->out))
        console->out[MASK_XENCONS_IDX(prod++, console->out)] = *text++;
    xen_wmb();
    console->out_prod = prod;
    evtchn_send_t send = {.port = si->console.domU.evtchn};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_send, &send), 0);
}

static void events_to_ourselves(shared_info_t *shared)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc), 0);
    struct evtchn_bind_interdomain bind = {.remote_dom = DOMID_SELF, .remote_port = alloc.port};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind), 0);
    struct evtchn_send send = {.port = bind.local_port};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_send, &send), 0);
    CHECK(shared->evtchn_pending[alloc.port / 64] >> (alloc.port % 64) & 1);

    sched_poll_t poll = {.nr_ports = 1};
    set_xen_guest_handle(poll.ports, &alloc.port);
    CHECK_EQUAL(HYPERVISOR_sched_op(SCHEDOP_poll, &poll), 0);
    evtchn_status_t status = {.dom = DOMID_SELF, .port = alloc.port};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), 0);
    CHECK_EQUAL(status.status, EVTCHNSTAT_interdomain);
    evtchn_close_t close = {.port = alloc.port};
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_close, &close), 0);
    CHECK_EQUAL(HYPERVISOR_event_channel_op(EVTCHNOP_close, &close), -XEN_EINVAL);
}

static void versions_memory_and_grants(const struct start_info *si)
{
    xen_extraversion_t extra;
    CHECK_EQUAL(HYPERVISOR_xen_version(XENVER_version, NULL), 4 << 16 | 17);
    CHECK_EQUAL(HYPERVISOR_xen_version(XENVER_extraversion, &extra), 0);
    xen_feature_info_t features = {.submap_idx = 0};
    CHECK_EQUAL(HYPERVISOR_xen_version(XENVER_get_features, &features), 0);
    CHECK(features.submap & 1u << XENFEAT_auto_translated_physmap);
    domid_t self = DOMID_SELF;
    CHECK_EQUAL(HYPERVISOR_memory_op(XENMEM_current_reservation, &self), si->nr_pages);
    gnttab_query_size_t query = {.dom = DOMID_SELF};
    CHECK_EQUAL(HYPERVISOR_grant_table_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EQUAL(query.status, GNTST_okay);
}

static void a_ring(void)
{
    static char page[4096] __attribute__((aligned(4096)));
    demo_sring_t *shared = (demo_sring_t *)page;
    demo_front_ring_t front;
    SHARED_RING_INIT(shared);
    FRONT_RING_INIT(&front, shared, sizeof page);
    CHECK_EQUAL(RING_SIZE(&front), 128); // (4096 - 64) / 16, and down to a power of two
    CHECK_EQUAL(__CONST_RING_SIZE(demo, sizeof page), 128);

    int notify, more;
    RING_GET_REQUEST(&front, front.req_prod_pvt)->id = 7;
    front.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
    CHECK(notify);
    CHECK_EQUAL(RING_FREE_REQUESTS(&front), 127);
    RING_FINAL_CHECK_FOR_RESPONSES(&front, more);
    CHECK(!more);
    CHECK_EQUAL(shared->rsp_event, 1);

    shared->ring[0].rsp = (struct demo_response){.id = 7}; // the other side's turn
    shared->rsp_prod = 1000;                               // which it exaggerates
    CHECK_EQUAL(RING_HAS_UNCONSUMED_RESPONSES(&front), 1);
    struct demo_response response;
    RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
    CHECK_EQUAL(response.id, 7);
    front.rsp_cons++;
    front.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
    CHECK(!notify); // req_event is still 1: nobody asked
}

int pv_main(const char *command_line)
{
    (void)command_line;
    shared_info_t *shared = pv_shared;
    CHECK(shared->vcpu_info[0].evtchn_upcall_mask);
    print_by_ring(start_info, "printed by hand\n");
    events_to_ourselves(shared);
    versions_memory_and_grants(start_info);
    a_ring();
    CHECK_EQUAL(HYPERVISOR_sched_op(SCHEDOP_yield, NULL), 0);
    if (report_end() != 0)
        return 1;
    pv_console_flush(1000000000);
    sched_shutdown_t shutdown = {.reason = SHUTDOWN_poweroff};
    HYPERVISOR_sched_op(SCHEDOP_shutdown, &shutdown);
    return 1;
}
