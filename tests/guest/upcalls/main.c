// SPDX-License-Identifier: MIT
// upcalls: when events are delivered, when not, and that none is lost.
//
// The mask is the guest's `cli`: kernels build their locks on it. Nothing may be delivered while it is set, also not inside
// a handler; what came meanwhile must be delivered by the very step that clears it; and each port has a mask of its own.

#include "report.h"

#include <pv/config.h>
#include <pv/event.h>
#include <pv/hypercall.h>

#define PORTS 200 // enough to reach selector words beyond the first
#define SELF_SENDS 100000

static volatile unsigned calls, depth, deepest;
static volatile pv_evtchn_port_t last, also_send;
static volatile bool unmask_inside;
static pv_evtchn_port_t ports[PORTS];
static volatile unsigned calls_of[PORTS];

static void handler(pv_evtchn_port_t port, void *context)
{
    calls++;
    calls_of[(uintptr_t)context]++;
    last = port;
    depth++;
    if (depth > deepest)
        deepest = depth;
    CHECK(pv_shared->vcpu_info[0].evtchn_upcall_mask == 1);
    if (also_send) {
        const pv_evtchn_port_t other = also_send;
        const unsigned before = calls;
        also_send = 0;
        pv_event_send(other);
        CHECK_EQUAL(calls, before); // masked in here
        if (unmask_inside) {
            pv_irq_enable(); // the library's users should not; the ABI lets a kernel do it
            CHECK_EQUAL(calls, before + 1);
            pv_irq_disable();
        }
    }
    depth--;
}

static void masked_events_wait(void)
{
    calls = 0;
    pv_irq_disable();
    pv_event_send(ports[0]);
    pv_event_send(ports[1]);
    CHECK_EQUAL(pv_nop(), 0);
    CHECK_EQUAL(calls, 0);
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_pending, 1);
    CHECK(pv_test_bit(pv_shared->evtchn_pending, ports[0]));
    CHECK(pv_test_bit(pv_shared->evtchn_pending, ports[1]));
    pv_irq_enable();
    CHECK_EQUAL(calls, 2);
    CHECK(!pv_test_bit(pv_shared->evtchn_pending, ports[0]));
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_pending, 0);
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_mask, 0);
}

static void events_are_bits(void)
{
    calls = 0;
    pv_irq_disable();
    for (unsigned i = 0; i < 10; i++)
        pv_event_send(ports[2]);
    pv_irq_enable();
    CHECK_EQUAL(calls, 1);
}

static void masked_ports_wait(void)
{
    calls = 0;
    pv_event_mask(ports[0]);
    pv_event_send(ports[0]);
    CHECK_EQUAL(calls, 0);
    CHECK(pv_test_bit(pv_shared->evtchn_pending, ports[0]));
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_pending, 0);
    pv_event_unmask(ports[0]);
    CHECK_EQUAL(calls, 1);
}

static void handlers_nest_only_when_asked(void)
{
    calls = deepest = 0;
    also_send = ports[1];
    pv_event_send(ports[0]);
    CHECK_EQUAL(calls, 2);
    CHECK_EQUAL(deepest, 1);
    CHECK_EQUAL(last, ports[1]);

    calls = deepest = 0;
    also_send = ports[1];
    unmask_inside = true;
    pv_event_send(ports[0]);
    unmask_inside = false;
    CHECK_EQUAL(calls, 2);
    CHECK_EQUAL(deepest, 2);
}

static void every_port_has_its_bit(void)
{
    CHECK(ports[PORTS - 1] >= 128);
    for (unsigned i = 0; i < PORTS; i++)
        calls_of[i] = 0;
    pv_irq_disable();
    for (unsigned i = 0; i < PORTS; i++)
        pv_event_send(ports[i]);
    pv_irq_enable();
    unsigned right = 0;
    for (unsigned i = 0; i < PORTS; i++)
        right += calls_of[i] == (i < PV_EVENT_HANDLERS ? 1 : 0);
    CHECK_EQUAL(right, PORTS);
}

static void no_event_is_lost(void)
{
    calls = 0;
    for (unsigned i = 0; i < SELF_SENDS; i++)
        pv_event_send(ports[i % 3]);
    CHECK_EQUAL(calls, SELF_SENDS);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    for (uintptr_t i = 0; i < PORTS; i++) {
        const int port = pv_event_bind_ipi(0);
        if (port < 0)
            report_error("bind_ipi", port);
        ports[i] = (pv_evtchn_port_t)port;
    }
    // The library has only so many handlers; the other ports stay masked.
    for (uintptr_t i = 0; i < PV_EVENT_HANDLERS; i++)
        CHECK_EQUAL(pv_event_handle(ports[i], handler, (void *)i, 0), 0);
    CHECK_EQUAL(pv_event_handle(ports[PV_EVENT_HANDLERS], handler, NULL, 0), -28);
    pv_irq_enable();
    masked_events_wait();
    events_are_bits();
    masked_ports_wait();
    handlers_nest_only_when_asked();
    every_port_has_its_bit();
    no_event_is_lost();
    pv_irq_disable();
    return report_end();
}
