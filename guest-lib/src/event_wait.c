// SPDX-License-Identifier: MIT
// Waiting for events without handlers.

#include <pv/event.h>

#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/sched.h>

int pv_event_wait_any(const pv_evtchn_port_t *ports, unsigned count, uint64_t deadline_ns)
{
    for (;;) {
        const bool late = deadline_ns && pv_time_ns() >= deadline_ns; // asked first: an event of that very moment counts
        for (unsigned i = 0; i < count; i++)
            if (pv_event_take(ports[i]))
                return (int)i;
        if (late)
            return -1;
        struct pv_sched_poll poll = {.ports = (uintptr_t)ports, .nr_ports = count, .timeout = deadline_ns};
        if (pv_sched_op(PV_SCHEDOP_POLL, &poll) != 0)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    }
}

bool pv_event_wait_until(pv_evtchn_port_t port, uint64_t deadline_ns)
{
    return pv_event_wait_any(&port, 1, deadline_ns) == 0;
}

void pv_event_wait(pv_evtchn_port_t port)
{
    pv_event_wait_any(&port, 1, 0);
}
