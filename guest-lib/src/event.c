// SPDX-License-Identifier: MIT
// Making ports, sending, masking.

#include <pv/event.h>

#include <pv/hypercall.h>

#include <pvabi/vcpu.h>

void (*pv_event_forget)(pv_evtchn_port_t port);

// A port that was closed earlier may have left its bits behind.
static int fresh(long result, pv_evtchn_port_t port, bool starts_pending)
{
    if (result < 0)
        return (int)result;
    pv_test_and_set_bit(pv_shared->evtchn_mask, port);
    if (!starts_pending)
        pv_event_take(port);
    return (int)port;
}

int pv_event_alloc_unbound(pv_domid_t remote)
{
    struct pv_evtchn_alloc_unbound argument = {.dom = PV_DOMID_SELF, .remote_dom = remote};
    const long result = pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, &argument);
    return fresh(result, argument.port, false);
}

int pv_event_bind_interdomain(pv_domid_t remote, pv_evtchn_port_t remote_port)
{
    struct pv_evtchn_bind_interdomain argument = {.remote_dom = remote, .remote_port = remote_port};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_INTERDOMAIN, &argument);
    return fresh(result, argument.local_port, true);
}

int pv_event_bind_virq(unsigned virq, unsigned vcpu)
{
    if (virq == PV_VIRQ_TIMER) // on Xen a vCPU begins with a periodic timer, which raises it every 10 ms
        pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, vcpu, NULL);
    struct pv_evtchn_bind_virq argument = {.virq = virq, .vcpu = vcpu};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_VIRQ, &argument);
    return fresh(result, argument.port, true);
}

int pv_event_bind_ipi(unsigned vcpu)
{
    struct pv_evtchn_bind_ipi argument = {.vcpu = vcpu};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_IPI, &argument);
    return fresh(result, argument.port, false);
}

int pv_event_send(pv_evtchn_port_t port)
{
    struct pv_evtchn_send argument = {.port = port};
    return (int)pv_evtchn_op(PV_EVTCHNOP_SEND, &argument);
}

int pv_event_close(pv_evtchn_port_t port)
{
    if (pv_event_forget)
        pv_event_forget(port);
    struct pv_evtchn_close argument = {.port = port};
    return (int)pv_evtchn_op(PV_EVTCHNOP_CLOSE, &argument);
}

void pv_event_mask(pv_evtchn_port_t port)
{
    pv_test_and_set_bit(pv_shared->evtchn_mask, port);
}

// An event that came while the port was masked made no upcall; the hypercall tests and unmasks in one step.
void pv_event_unmask(pv_evtchn_port_t port)
{
    struct pv_evtchn_unmask argument = {.port = port};
    pv_evtchn_op(PV_EVTCHNOP_UNMASK, &argument);
}
