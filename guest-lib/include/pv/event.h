// SPDX-License-Identifier: MIT
// Event channels: ports by which domains, and the hypervisor, tell each other that something happened. An event is one
// bit; what happened is told elsewhere. Functions that make a port return it, or a negated PV_E*.
//
// Two ways to receive, for each port one of them:
// - Waiting: pv_event_wait sleeps until the port has an event and takes it. Works with upcalls masked, needs no handler.
// - Handling: pv_event_handle names a function that is called in an upcall, once pv_irq_enable was called.
//
// Ports belong to vCPU 0 until said otherwise; smp.h tells what further vCPUs do with them.
//
// Example:
//     static void on_ring(pv_evtchn_port_t port, void *count)
//     {
//         ++*(unsigned *)count;
//     }
//     int listen_to(pv_domid_t peer, unsigned *count)
//     {
//         const int port = pv_event_alloc_unbound(peer); // the peer binds to it, and sends
//         if (port >= 0) {
//             pv_event_handle((pv_evtchn_port_t)port, on_ring, count, 0);
//             pv_irq_enable();
//         } // ... or without a handler: pv_event_wait((pv_evtchn_port_t)port);
//         return port;
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvabi/event_channel.h>

#include <pv/barrier.h>
#include <pv/memory.h>
#include <pv/vcpu.h>

#ifdef __cplusplus
extern "C" {
#endif

int pv_event_alloc_unbound(pv_domid_t remote);
int pv_event_bind_interdomain(pv_domid_t remote, pv_evtchn_port_t remote_port); // the new port starts with an event
int pv_event_bind_virq(unsigned virq, unsigned vcpu);
int pv_event_bind_ipi(unsigned vcpu);

int pv_event_send(pv_evtchn_port_t port);
int pv_event_close(pv_evtchn_port_t port); // its handler goes, too

// Takes an event if there is one. Looked at first: that costs a tenth of the locked instruction.
static inline bool pv_event_take(pv_evtchn_port_t port)
{
    return pv_test_bit(pv_shared->evtchn_pending, port) && pv_test_and_clear_bit(pv_shared->evtchn_pending, port);
}

// Sleeps until the port has an event, and takes it. With a deadline (system time, 0: none): false if that came first.
void pv_event_wait(pv_evtchn_port_t port);
bool pv_event_wait_until(pv_evtchn_port_t port, uint64_t deadline_ns);

// The same for several ports: the index of the one whose event was taken, or -1 at the deadline.
int pv_event_wait_any(const pv_evtchn_port_t *ports, unsigned count, uint64_t deadline_ns);

// Handlers run with upcalls masked, on the stack of whatever was interrupted, and must not enable them. They may use vector
// registers only if they say so, which costs saving those.
typedef void (*pv_event_handler)(pv_evtchn_port_t port, void *context);
#define PV_HANDLER_FPU 1u // flag: the handler uses x87 or vector registers

// Sets the port's handler and unmasks the port; a null handler masks it and takes the handler away.
// -PV_ENOSPC if more than PV_EVENT_HANDLERS ports have one.
int pv_event_handle(pv_evtchn_port_t port, pv_event_handler handler, void *context, unsigned flags);

// A masked port collects its event but makes no upcall.
void pv_event_mask(pv_evtchn_port_t port);
void pv_event_unmask(pv_evtchn_port_t port);

// Upcalls as a whole, as `sti` and `cli` would do it. Masked when pv_main begins.
void pv_irq_enable(void);

static inline void pv_irq_disable(void)
{
    PV_WRITE_ONCE(pv_own_vcpu_info()->evtchn_upcall_mask, 1);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

// Masks upcalls and says whether they were enabled, for pv_irq_restore.
static inline bool pv_irq_save(void)
{
    const bool enabled = PV_READ_ONCE(pv_own_vcpu_info()->evtchn_upcall_mask) == 0;
    pv_irq_disable();
    return enabled;
}

void pv_irq_restore(bool enabled);

// Enables upcalls and sleeps until one was made. What the idle loop of a guest that lives in its handlers calls.
void pv_event_block(void);

// Internal: set while some port has a handler, so that closing a port takes it away.
extern void (*pv_event_forget)(pv_evtchn_port_t port);

#ifdef __cplusplus
}
#endif
