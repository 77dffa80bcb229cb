// SPDX-License-Identifier: MIT
// Grants to oneself.

#include "own_grants.h"

#include <pv/event.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/panic.h>

char granted_page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

// Nobody tells a domain its number, but a channel's other end has one.
pv_domid_t own_domain(void)
{
    const pv_evtchn_port_t here = (pv_evtchn_port_t)pv_event_alloc_unbound(PV_DOMID_SELF);
    const pv_evtchn_port_t there = (pv_evtchn_port_t)pv_event_bind_interdomain(PV_DOMID_SELF, here);
    struct pv_evtchn_status status = {.dom = PV_DOMID_SELF, .port = here};
    if (pv_evtchn_op(PV_EVTCHNOP_STATUS, &status) != 0)
        pv_panic("no status of a port");
    pv_event_close(there);
    pv_event_close(here);
    return status.u.interdomain.dom;
}

pv_grant_ref_t grant_to(pv_domid_t domain, bool read_only)
{
    const int ref = pv_grant_access(domain, pv_virt_to_mfn(granted_page), read_only);
    if (ref < 0)
        pv_panic("no grant to be had: %d", ref);
    return (pv_grant_ref_t)ref;
}
