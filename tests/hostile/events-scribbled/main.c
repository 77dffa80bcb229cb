// SPDX-License-Identifier: MIT
// events-scribbled: a guest that writes random bits over its pending, mask and selector words while events come.
//
// It only hurts itself: the monitor reads these words for nothing but whether to disturb this guest. Other ports of other domains
// are not raised, and once the guest stops, its events work again.

#include "hostile.h"

#include <pv/event.h>
#include <pv/memory.h>

#define ROUNDS 20000

static volatile unsigned handled;

static void handle(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    handled++;
}

static void scribble(void)
{
    uint64_t *words = (uint64_t *)(void *)pv_shared->evtchn_pending;
    words[random_number() % 64] = random_number();
    ((uint64_t *)(void *)pv_shared->evtchn_mask)[random_number() % 64] = random_number();
    pv_shared->vcpu_info[0].evtchn_pending_sel = random_number();
    pv_shared->vcpu_info[0].evtchn_upcall_pending = (uint8_t)random_number();
    pv_shared->vcpu_info[random_number() % 31 + 1].evtchn_upcall_mask = (uint8_t)random_number();
}

static int attack(void)
{
    const int port = must("making a port", pv_event_bind_ipi(0));
    must("handling it", pv_event_handle((pv_evtchn_port_t)port, handle, NULL, 0));
    pv_irq_enable();
    for (unsigned i = 0; i < ROUNDS; i++) {
        scribble();
        CHECK_EQUAL(pv_event_send((pv_evtchn_port_t)port), 0);
    }
    pv_irq_disable();
    // As after a fresh start: nothing pending, all masked but what is handled.
    memset((void *)pv_shared->evtchn_pending, 0, sizeof pv_shared->evtchn_pending);
    memset((void *)pv_shared->evtchn_mask, 0xff, sizeof pv_shared->evtchn_mask);
    pv_shared->vcpu_info[0].evtchn_pending_sel = 0;
    pv_shared->vcpu_info[0].evtchn_upcall_pending = 0;
    pv_event_unmask((pv_evtchn_port_t)port);
    pv_irq_enable();
    const unsigned before = handled;
    CHECK_EQUAL(pv_event_send((pv_evtchn_port_t)port), 0);
    pv_irq_disable();
    CHECK_EQUAL(handled, before + 1);
    uint64_t number;
    CHECK_EQUAL(pv_xs_printf(PV_XS_NO_TRANSACTION, "data/number", "%u", 7), 0);
    CHECK_EQUAL(pv_xs_read_number(PV_XS_NO_TRANSACTION, "data/number", &number), 0);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
