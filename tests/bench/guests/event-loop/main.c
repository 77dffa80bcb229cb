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

static volatile bool taken;

static void take(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    taken = true;
}

static void wait_polled(pv_evtchn_port_t port)
{
    pv_event_wait(port);
}

static void wait_upcall(pv_evtchn_port_t port)
{
    (void)port;
    while (!taken)
        pv_event_block();
    taken = false;
    pv_irq_disable(); // until the next wait: an upcall in between would be taken there at half the price
}

static pv_evtchn_port_t connect(bool first)
{
    int port = first ? pv_event_alloc_unbound(2) : -1;
    while (port < 0) {
        port = pv_event_bind_interdomain(1, FIRST_FREE_PORT);
        pv_sched_op(PV_SCHEDOP_YIELD, 0);
    }
    return (pv_evtchn_port_t)port;
}

int pv_main(const char *command_line)
{
    static char mark[1] = {'.'};
    const bool first = command_line[0] == '1';
    void (*const wait)(pv_evtchn_port_t) = command_line[1] == 'u' ? wait_upcall : wait_polled;
    const pv_evtchn_port_t port = connect(first);
    if (wait == wait_upcall)
        pv_event_handle(port, take, 0, 0);
    if (!first)
        pv_event_send(port);
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++) {
            wait(port);
            pv_event_send(port);
        }
        if (first)
            pv_console_io(PV_CONSOLEIO_WRITE, 1, mark);
    }
}
