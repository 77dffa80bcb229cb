// SPDX-License-Identifier: MIT
// Event channel calls that name a port only, with the answer as it came: for tests that look at every error.
#pragma once

#include <pv/event.h>
#include <pv/hypercall.h>

static inline long close_port(pv_evtchn_port_t port)
{
    struct pv_evtchn_close argument = {.port = port};
    return pv_evtchn_op(PV_EVTCHNOP_CLOSE, &argument);
}

static inline long send(pv_evtchn_port_t port)
{
    struct pv_evtchn_send argument = {.port = port};
    return pv_evtchn_op(PV_EVTCHNOP_SEND, &argument);
}

static inline long unmask(pv_evtchn_port_t port)
{
    struct pv_evtchn_unmask argument = {.port = port};
    return pv_evtchn_op(PV_EVTCHNOP_UNMASK, &argument);
}

static inline long bind_vcpu(pv_evtchn_port_t port, unsigned vcpu)
{
    struct pv_evtchn_bind_vcpu argument = {.port = port, .vcpu = vcpu};
    return pv_evtchn_op(PV_EVTCHNOP_BIND_VCPU, &argument);
}
