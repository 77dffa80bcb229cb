// SPDX-License-Identifier: MIT
// event_channel_op(cmd, argument): making, closing and using ports. `argument` points to the struct of the command.
// Ports are numbers below PV_EVTCHN_2L_NR_CHANNELS; port 0 is never handed out. The bits themselves, and the protocol by
// which an event is published and taken, are in shared_info.h. "In" is read from, "out" written to the guest's memory.
// Source: Xen's public/event_channel.h. The FIFO layout (init_control and after) is not offered.
#pragma once

#include <stdint.h>

#include "assert.h"
#include "domid.h"

typedef uint32_t pv_evtchn_port_t;

#define PV_EVTCHN_2L_NR_CHANNELS 4096

#define PV_EVTCHNOP_BIND_INTERDOMAIN 0
#define PV_EVTCHNOP_BIND_VIRQ 1
#define PV_EVTCHNOP_BIND_PIRQ 2
#define PV_EVTCHNOP_CLOSE 3
#define PV_EVTCHNOP_SEND 4
#define PV_EVTCHNOP_STATUS 5
#define PV_EVTCHNOP_ALLOC_UNBOUND 6
#define PV_EVTCHNOP_BIND_IPI 7
#define PV_EVTCHNOP_BIND_VCPU 8
#define PV_EVTCHNOP_UNMASK 9
#define PV_EVTCHNOP_RESET 10
#define PV_EVTCHNOP_INIT_CONTROL 11
#define PV_EVTCHNOP_EXPAND_ARRAY 12
#define PV_EVTCHNOP_SET_PRIORITY 13

// Virtual interrupts. TIMER, DEBUG, XENOPROF and XENPMU are bound per vCPU; the others once per domain, naming vCPU 0.
#define PV_VIRQ_TIMER 0
#define PV_VIRQ_DEBUG 1
#define PV_VIRQ_CONSOLE 2
#define PV_VIRQ_DOM_EXC 3
#define PV_VIRQ_TBUF 4
#define PV_VIRQ_DEBUGGER 6
#define PV_VIRQ_XENOPROF 7
#define PV_VIRQ_CON_RING 8
#define PV_VIRQ_PCPU_STATE 9
#define PV_VIRQ_MEM_EVENT 10
#define PV_VIRQ_ARGO 11
#define PV_VIRQ_ENOMEM 12
#define PV_VIRQ_XENPMU 13
#define PV_VIRQ_ARCH_0 16
#define PV_VIRQ_ARCH_1 17
#define PV_VIRQ_ARCH_2 18
#define PV_VIRQ_ARCH_3 19
#define PV_VIRQ_ARCH_4 20
#define PV_VIRQ_ARCH_5 21
#define PV_VIRQ_ARCH_6 22
#define PV_VIRQ_ARCH_7 23
#define PV_NR_VIRQS 24

// pv_evtchn_status.status
#define PV_EVTCHNSTAT_CLOSED 0
#define PV_EVTCHNSTAT_UNBOUND 1
#define PV_EVTCHNSTAT_INTERDOMAIN 2
#define PV_EVTCHNSTAT_PIRQ 3
#define PV_EVTCHNSTAT_VIRQ 4
#define PV_EVTCHNSTAT_IPI 5

// Opens a port of `dom` that `remote_dom` may bind to.
struct pv_evtchn_alloc_unbound {
    pv_domid_t dom;        // in: whose port; PV_DOMID_SELF
    pv_domid_t remote_dom; // in: who may bind; may be the caller itself
    pv_evtchn_port_t port; // out
};

PV_ASSERT_SIZE(struct pv_evtchn_alloc_unbound, 8);
PV_ASSERT_ALIGN(struct pv_evtchn_alloc_unbound, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_alloc_unbound, dom, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_alloc_unbound, remote_dom, 2);
PV_ASSERT_OFFSET(struct pv_evtchn_alloc_unbound, port, 4);

// Joins a new local port with an unbound one of another domain. The new port starts pending, since the other side may
// have sent before the two were joined.
struct pv_evtchn_bind_interdomain {
    pv_domid_t remote_dom;        // in
    pv_evtchn_port_t remote_port; // in: unbound, and open to the caller
    pv_evtchn_port_t local_port;  // out
};

PV_ASSERT_SIZE(struct pv_evtchn_bind_interdomain, 12);
PV_ASSERT_ALIGN(struct pv_evtchn_bind_interdomain, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_interdomain, remote_dom, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_interdomain, remote_port, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_interdomain, local_port, 8);

// Binds a virtual interrupt to a new port on `vcpu`.
struct pv_evtchn_bind_virq {
    uint32_t virq;         // in: PV_VIRQ_*
    uint32_t vcpu;         // in
    pv_evtchn_port_t port; // out
};

PV_ASSERT_SIZE(struct pv_evtchn_bind_virq, 12);
PV_ASSERT_ALIGN(struct pv_evtchn_bind_virq, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_virq, virq, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_virq, vcpu, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_virq, port, 8);

// Binds a new port on `vcpu` that the domain sends to itself.
struct pv_evtchn_bind_ipi {
    uint32_t vcpu;         // in
    pv_evtchn_port_t port; // out
};

PV_ASSERT_SIZE(struct pv_evtchn_bind_ipi, 8);
PV_ASSERT_ALIGN(struct pv_evtchn_bind_ipi, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_ipi, vcpu, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_ipi, port, 4);

// Frees a port. The other end of an interdomain channel becomes unbound again.
struct pv_evtchn_close {
    pv_evtchn_port_t port; // in
};

PV_ASSERT_SIZE(struct pv_evtchn_close, 4);
PV_ASSERT_ALIGN(struct pv_evtchn_close, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_close, port, 0);

// Sends an event to the other end of an interdomain channel, or to the port itself if it is an IPI port.
struct pv_evtchn_send {
    pv_evtchn_port_t port; // in: the sender's own port
};

PV_ASSERT_SIZE(struct pv_evtchn_send, 4);
PV_ASSERT_ALIGN(struct pv_evtchn_send, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_send, port, 0);

struct pv_evtchn_status_unbound {
    pv_domid_t dom; // who may bind
};

PV_ASSERT_SIZE(struct pv_evtchn_status_unbound, 2);
PV_ASSERT_ALIGN(struct pv_evtchn_status_unbound, 2);
PV_ASSERT_OFFSET(struct pv_evtchn_status_unbound, dom, 0);

struct pv_evtchn_status_interdomain {
    pv_domid_t dom;        // the other end's domain
    pv_evtchn_port_t port; // and its port there
};

PV_ASSERT_SIZE(struct pv_evtchn_status_interdomain, 8);
PV_ASSERT_ALIGN(struct pv_evtchn_status_interdomain, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_status_interdomain, dom, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_status_interdomain, port, 4);

// Tells what a port is.
struct pv_evtchn_status {
    pv_domid_t dom;        // in: PV_DOMID_SELF
    pv_evtchn_port_t port; // in
    uint32_t status;       // out: PV_EVTCHNSTAT_*
    uint32_t vcpu;         // out: the vCPU its events go to
    union {                // out, by status
        struct pv_evtchn_status_unbound unbound;
        struct pv_evtchn_status_interdomain interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};

PV_ASSERT_SIZE(struct pv_evtchn_status, 24);
PV_ASSERT_ALIGN(struct pv_evtchn_status, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_status, dom, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_status, port, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_status, status, 8);
PV_ASSERT_OFFSET(struct pv_evtchn_status, vcpu, 12);
PV_ASSERT_OFFSET(struct pv_evtchn_status, u, 16);

// Moves a port's events to another vCPU.
struct pv_evtchn_bind_vcpu {
    pv_evtchn_port_t port; // in
    uint32_t vcpu;         // in
};

PV_ASSERT_SIZE(struct pv_evtchn_bind_vcpu, 8);
PV_ASSERT_ALIGN(struct pv_evtchn_bind_vcpu, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_vcpu, port, 0);
PV_ASSERT_OFFSET(struct pv_evtchn_bind_vcpu, vcpu, 4);

// Clears the port's mask bit and, if it is pending, does steps 3 to 5 of sending.
struct pv_evtchn_unmask {
    pv_evtchn_port_t port; // in
};

PV_ASSERT_SIZE(struct pv_evtchn_unmask, 4);
PV_ASSERT_ALIGN(struct pv_evtchn_unmask, 4);
PV_ASSERT_OFFSET(struct pv_evtchn_unmask, port, 0);

// Closes every port of a domain.
struct pv_evtchn_reset {
    pv_domid_t dom; // in: PV_DOMID_SELF
};

PV_ASSERT_SIZE(struct pv_evtchn_reset, 2);
PV_ASSERT_ALIGN(struct pv_evtchn_reset, 2);
PV_ASSERT_OFFSET(struct pv_evtchn_reset, dom, 0);
