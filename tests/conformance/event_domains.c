// SPDX-License-Identifier: MIT
// event_channel_op where it names a domain; and reset.

#include "groups.h"
#include "say.h"

#include <pv/event.h>
#include <pv/hypercall.h>

static long alloc(unsigned domain, unsigned remote)
{
    struct pv_evtchn_alloc_unbound argument = {.dom = (pv_domid_t)domain, .remote_dom = (pv_domid_t)remote};
    return pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, &argument);
}

static long bind(unsigned domain, pv_evtchn_port_t port)
{
    struct pv_evtchn_bind_interdomain argument = {.remote_dom = (pv_domid_t)domain, .remote_port = port};
    return pv_evtchn_op(PV_EVTCHNOP_BIND_INTERDOMAIN, &argument);
}

static long status(unsigned domain, pv_evtchn_port_t port)
{
    struct pv_evtchn_status argument = {.dom = (pv_domid_t)domain, .port = port};
    const long result = pv_evtchn_op(PV_EVTCHNOP_STATUS, &argument);
    return result < 0 ? result : (long)argument.status;
}

static long reset(unsigned domain)
{
    struct pv_evtchn_reset argument = {.dom = (pv_domid_t)domain};
    return pv_evtchn_op(PV_EVTCHNOP_RESET, &argument);
}

void conform_event_domains(void)
{
    say("evtchn alloc_unbound in no domain", alloc(NOBODY, PV_DOMID_SELF));
    say("evtchn alloc_unbound in domain 0", alloc(0, PV_DOMID_SELF));
    say_made("evtchn alloc_unbound for no domain", alloc(PV_DOMID_SELF, NOBODY));
    say("evtchn bind_interdomain to no domain", bind(NOBODY, 1));
    say("evtchn bind_interdomain to a free port of domain 0", bind(0, 3000));
    say("evtchn status in no domain", status(NOBODY, 1));
    say("evtchn status in domain 0", status(0, 3000));
    say("evtchn reset of no domain", reset(NOBODY));

    struct pv_evtchn_alloc_unbound argument = {.dom = PV_DOMID_SELF, .remote_dom = NOBODY};
    pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, &argument);
    say("evtchn bind_interdomain to a port kept for another domain", bind(PV_DOMID_SELF, argument.port));
    say("evtchn alloc_unbound in domain 32767, which is none", alloc(0x7fff, PV_DOMID_SELF));
}
