// SPDX-License-Identifier: MIT
// xenstore-ring: a guest that fills its xenstore ring with garbage.
//
// Its connection is given up, with the reason in the ring's error word; the domain goes on without a store, its name stays for the
// others to see, and its end is told to them as always: that is what the victim waits for.

#include "hostile.h"

#include <pv/event.h>
#include <pv/memory.h>

#include <pvabi/io/xs_wire.h>

static int attack(void)
{
    struct pv_xenstore_domain_interface *store = pv_mfn_to_virt(pv_start_info->store_mfn);
    const pv_evtchn_port_t port = pv_start_info->store_evtchn;
    for (unsigned i = 0; i < PV_XENSTORE_RING_SIZE; i++)
        store->req[i] = (char)random_number();
    store->req_prod = store->req_cons + PV_XENSTORE_RING_SIZE;
    const uint64_t deadline = PATIENCE;
    while (PV_READ_ONCE(store->error) == 0 && pv_time_ns() < deadline) {
        CHECK_EQUAL(pv_event_send(port), 0);
        pv_sleep_ns(PV_MILLISECOND_NS);
    }
    CHECK_EQUAL(store->error, PV_XENSTORE_ERROR_PROTO);
    // More of the same, while nobody listens.
    for (unsigned i = 0; i < 1000; i++) {
        store->req_prod = (uint32_t)random_number();
        store->rsp_cons = (uint32_t)random_number();
        CHECK_EQUAL(pv_event_send(port), 0);
    }
    pv_sleep_ns(5 * PV_MILLISECOND_NS);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
