// SPDX-License-Identifier: MIT
// event_channel_op within one domain.

#include "groups.h"
#include "say.h"

#include "../guest/event_calls.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/printf.h>

static long bind(pv_evtchn_port_t remote)
{
    struct pv_evtchn_bind_interdomain argument = {.remote_dom = PV_DOMID_SELF, .remote_port = remote};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_INTERDOMAIN, &argument);
    return result < 0 ? result : (long)argument.local_port;
}

static long alloc(void)
{
    struct pv_evtchn_alloc_unbound argument = {.dom = PV_DOMID_SELF, .remote_dom = PV_DOMID_SELF};
    const long result = pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, &argument);
    return result < 0 ? result : (long)argument.port;
}

static long status(pv_evtchn_port_t port)
{
    struct pv_evtchn_status argument = {.dom = PV_DOMID_SELF, .port = port};
    const long result = pv_evtchn_op(PV_EVTCHNOP_STATUS, &argument);
    return result < 0 ? result : (long)argument.status;
}

static long bind_virq(unsigned virq, unsigned vcpu)
{
    struct pv_evtchn_bind_virq argument = {.virq = virq, .vcpu = vcpu};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_VIRQ, &argument);
    return result < 0 ? result : (long)argument.port;
}

static long bind_ipi(unsigned vcpu)
{
    struct pv_evtchn_bind_ipi argument = {.vcpu = vcpu};
    const long result = pv_evtchn_op(PV_EVTCHNOP_BIND_IPI, &argument);
    return result < 0 ? result : (long)argument.port;
}

// A port that is no port, free (3000, 4095), or too large.
static const pv_evtchn_port_t bad_ports[] = {0, 3000, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff};
#define BAD_PORTS (sizeof bad_ports / sizeof bad_ports[0])

static void say_bad_ports(const char *what, long (*call)(pv_evtchn_port_t))
{
    long answers[BAD_PORTS];
    for (unsigned i = 0; i < BAD_PORTS; i++)
        answers[i] = call(bad_ports[i]);
    say_all(what, answers, BAD_PORTS);
}

static long bind_vcpu_0(pv_evtchn_port_t port) { return bind_vcpu(port, 0); }

static void say_refusals(void)
{
    say_bad_ports("evtchn close, ports 0 3000 4095 4096 2^31-1 2^31 2^32-1", close_port);
    say_bad_ports("evtchn send, the same", send);
    say_bad_ports("evtchn unmask, the same", unmask);
    say_bad_ports("evtchn bind_vcpu, the same", bind_vcpu_0);
    say_bad_ports("evtchn bind_interdomain, the same", bind);
    say_bad_ports("evtchn status, the same", status);
}

static long at_bind_interdomain(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_BIND_INTERDOMAIN, argument); }
static long at_bind_virq(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_BIND_VIRQ, argument); }
static long at_close(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_CLOSE, argument); }
static long at_send(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_SEND, argument); }
static long at_status(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_STATUS, argument); }
static long at_alloc_unbound(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_ALLOC_UNBOUND, argument); }
static long at_bind_ipi(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_BIND_IPI, argument); }
static long at_bind_vcpu(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_BIND_VCPU, argument); }
static long at_unmask(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_UNMASK, argument); }
static long at_reset(void *argument) { return pv_evtchn_op(PV_EVTCHNOP_RESET, argument); }

static void say_pointers(void)
{
    say_bad_pointers("evtchn bind_interdomain, nowhere", at_bind_interdomain, sizeof(struct pv_evtchn_bind_interdomain));
    say_bad_pointers("evtchn bind_virq, nowhere", at_bind_virq, sizeof(struct pv_evtchn_bind_virq));
    say_bad_pointers("evtchn close, nowhere", at_close, sizeof(struct pv_evtchn_close));
    say_bad_pointers("evtchn send, nowhere", at_send, sizeof(struct pv_evtchn_send));
    say_bad_pointers("evtchn status, nowhere", at_status, sizeof(struct pv_evtchn_status));
    say_bad_pointers("evtchn alloc_unbound, nowhere", at_alloc_unbound, sizeof(struct pv_evtchn_alloc_unbound));
    say_bad_pointers("evtchn bind_ipi, nowhere", at_bind_ipi, sizeof(struct pv_evtchn_bind_ipi));
    say_bad_pointers("evtchn bind_vcpu, nowhere", at_bind_vcpu, sizeof(struct pv_evtchn_bind_vcpu));
    say_bad_pointers("evtchn unmask, nowhere", at_unmask, sizeof(struct pv_evtchn_unmask));
    say_bad_pointers("evtchn reset, nowhere", at_reset, sizeof(struct pv_evtchn_reset));
}

// Bind two ends to each other, send both ways, close one after the other. All ports are masked: nobody is entered.
static void say_channel(void)
{
    const long made = alloc();
    const pv_evtchn_port_t here = (pv_evtchn_port_t)made;
    pv_event_mask(here);
    say_made("evtchn alloc_unbound", made);
    say("  status", status(here));
    say("  send, nobody there", send(here));
    say("  bind_vcpu to vCPU 0", bind_vcpu(here, 0));
    say("  bind_vcpu to vCPU 32", bind_vcpu(here, 32));
    const long other = bind(here);
    const pv_evtchn_port_t there = (pv_evtchn_port_t)other;
    say_made("evtchn bind_interdomain to it", other);
    say_whether("  the new port is pending", pv_event_take(there));
    say_whether("  the other one is", pv_event_take(here));
    say("  status", status(here));
    struct pv_evtchn_status full = {.dom = PV_DOMID_SELF, .port = here};
    pv_evtchn_op(PV_EVTCHNOP_STATUS, &full);
    say_whether("  status names the other end", full.u.interdomain.port == there);
    say("  status: vCPU", full.vcpu);
    say("  bind_interdomain to it again", bind(here));
    say("  send", send(here));
    say_whether("    arrives there", pv_event_take(there) && !pv_event_take(here));
    say("  send back", send(there));
    say_whether("    arrives here", pv_event_take(here) && !pv_event_take(there));
    send(here);
    say("  close the other end with an event pending", close_port(there));
    say_whether("    its event is gone", !pv_event_take(there));
    say("  status", status(here));
    say("  status of the closed one", status(there));
    say("  close it again", close_port(there));
    say("  close", close_port(here));
}

static void say_virqs(void)
{
    say("evtchn bind_virq 24", bind_virq(24, 0));
    say("evtchn bind_virq 2^32 - 1", bind_virq(0xffffffff, 0));
    say("evtchn bind_virq TIMER on vCPU 32", bind_virq(PV_VIRQ_TIMER, 32));
    say("evtchn bind_virq TIMER on vCPU 2^32 - 1", bind_virq(PV_VIRQ_TIMER, 0xffffffff));
    say("evtchn bind_virq CONSOLE on vCPU 1", bind_virq(PV_VIRQ_CONSOLE, 1));
    say("evtchn bind_virq CONSOLE on vCPU 32", bind_virq(PV_VIRQ_CONSOLE, 32));
    const long timer = bind_virq(PV_VIRQ_TIMER, 0), debug = bind_virq(PV_VIRQ_DEBUG, 0);
    const pv_evtchn_port_t port = (pv_evtchn_port_t)timer;
    pv_event_mask(port);
    say_made("evtchn bind_virq TIMER", timer);
    say_made("evtchn bind_virq DEBUG", debug);
    say("  bind_virq TIMER again", bind_virq(PV_VIRQ_TIMER, 0));
    say("  status", status(port));
    struct pv_evtchn_status full = {.dom = PV_DOMID_SELF, .port = (pv_evtchn_port_t)debug};
    pv_evtchn_op(PV_EVTCHNOP_STATUS, &full);
    say("  status of the other: virq", full.u.virq);
    say("  send", send(port));
    say("  bind_vcpu", bind_vcpu(port, 0));
    say("  bind_interdomain to it", bind(port));
    say("  close", close_port(port));
    say("  close the other", close_port((pv_evtchn_port_t)debug));
    say("  close it again", close_port(port));
}

static void say_ipis(void)
{
    const long made = bind_ipi(0);
    const pv_evtchn_port_t port = (pv_evtchn_port_t)made;
    pv_event_mask(port);
    say_made("evtchn bind_ipi", made);
    say("  status", status(port));
    say("  send", send(port));
    say_whether("    arrives", pv_event_take(port));
    say("  bind_vcpu", bind_vcpu(port, 0));
    say("  bind_interdomain to it", bind(port));
    say("  close", close_port(port));
    say("evtchn bind_ipi on vCPU 32", bind_ipi(32));
    say("evtchn bind_ipi on vCPU 2^32 - 1", bind_ipi(0xffffffff));
}

// As many ports as there are, and then one more of each kind.
static void say_exhaustion(void)
{
    static pv_evtchn_port_t ports[4096];
    unsigned count = 0;
    long port = 0;
    while (count < 4096 && (port = bind_ipi(0)) > 0)
        ports[count++] = (pv_evtchn_port_t)port;
    say("evtchn bind_ipi until there is no port", port);
    say_whether("  that were 4080 or more", count >= 4080);
    say("  bind_virq then", bind_virq(PV_VIRQ_TIMER, 0));
    say("  alloc_unbound then", alloc());
    say("  bind_interdomain then", bind(ports[0]));
    say("  close one", close_port(ports[count / 2]));
    say_whether("  it is the next to be made", alloc() == (long)ports[count / 2]);
    long result = 0;
    for (unsigned i = 0; i < count; i++)
        result |= close_port(ports[i]);
    say("  close all", result);
}

static void say_masks(void)
{
    const pv_evtchn_port_t port = (pv_evtchn_port_t)bind_ipi(0);
    struct pv_vcpu_info *info = &pv_shared->vcpu_info[0];
    pv_event_mask(port);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    send(port);
    say_whether("an event of a masked port asks for an upcall", info->evtchn_upcall_pending);
    say("evtchn unmask", unmask(port));
    say_whether("  asks for one then", info->evtchn_upcall_pending && info->evtchn_pending_sel == UINT64_C(1) << port / 64);
    say_whether("  the port is masked", pv_shared->evtchn_mask[port / 64] >> port % 64 & 1);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    pv_event_mask(port);
    pv_event_take(port);
    say("evtchn unmask, nothing pending", unmask(port));
    say_whether("  asks for one", info->evtchn_upcall_pending);
    pv_event_mask(port);
    close_port(port);
}

void conform_events(void)
{
    say("evtchn status of a port that was never made", status(3000));
    say("evtchn unmask of a port that was never made", unmask(3000));
    say_exhaustion(); // first: on Xen a port that was never made is not even a free one
    say_refusals();
    say_pointers();
    say_channel();
    say_virqs();
    say_ipis();
    say_masks();
    say("evtchn bind_pirq", pv_evtchn_op(PV_EVTCHNOP_BIND_PIRQ, NULL));
    say("evtchn command 15", pv_evtchn_op(15, NULL));
    say("evtchn command of all ones", pv_evtchn_op(~0U, NULL));
}
