// SPDX-License-Identifier: MIT
// Two of these send events to each other for ever. Domain 1 offers port 3, the first that is free, to domain 2.
// Command line: "1polled" or "2polled", the ports are masked and waited for; or "1upcall" and "2upcall", a handler takes the event.
#include <pv/guest.h>

#include <pv/event.h>
#include <pv/hypercall.h>

#include <pvabi/console_io.h>
#include <pvabi/sched.h>

// Rounds are counted in batches: one byte of console_io by domain 1 tells the monitor that so many were made.
#define BATCH 1024
#define FIRST_FREE_PORT 3

static char mark[1] = {'.'};

// What a guest that wants no upcalls does: the port is masked, and a poll comes back when it has an event.
static void play_polled(pv_evtchn_port_t port, bool counts)
{
    struct pv_evtchn_send send = {.port = port};
    struct pv_sched_poll poll = {.ports = (uintptr_t)&port, .nr_ports = 1};
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++) {
            while (!pv_event_take(port))
                pv_sched_op(PV_SCHEDOP_POLL, &poll);
            pv_evtchn_op(PV_EVTCHNOP_SEND, &send);
        }
        if (counts)
            pv_console_io(PV_CONSOLEIO_WRITE, 1, mark);
    }
}

static volatile bool taken;

static void take(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    taken = true;
}

// And one that sleeps until an upcall has called its handler. Upcalls are masked in between: one that came there, on the way
// back from another call, would cost less.
static void play_upcall(pv_evtchn_port_t port, bool counts)
{
    struct pv_evtchn_send send = {.port = port};
    pv_event_handle(port, take, 0, 0);
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++) {
            while (!taken)
                pv_sched_op(PV_SCHEDOP_BLOCK, 0);
            taken = false;
            pv_irq_disable();
            pv_evtchn_op(PV_EVTCHNOP_SEND, &send);
        }
        if (counts)
            pv_console_io(PV_CONSOLEIO_WRITE, 1, mark);
    }
}

int pv_main(const char *command_line)
{
    const bool first = command_line[0] == '1';
    int port = first ? pv_event_alloc_unbound(2) : -1;
    while (port < 0) {
        port = pv_event_bind_interdomain(1, FIRST_FREE_PORT);
        pv_sched_op(PV_SCHEDOP_YIELD, 0);
    }
    if (!first)
        pv_event_send((pv_evtchn_port_t)port);
    if (command_line[1] == 'u')
        play_upcall((pv_evtchn_port_t)port, first);
    else
        play_polled((pv_evtchn_port_t)port, first);
    return 1;
}
