// SPDX-License-Identifier: MIT
// The one-shot timer: set_timer_op makes VIRQ_TIMER fire, whose handler is the caller's.

#include <pv/time.h>

#include <pv/event.h>
#include <pv/hypercall.h>

static pv_evtchn_port_t port; // 0: VIRQ_TIMER is not bound yet
static pv_timer_handler wanted;
static void *wanted_context;
static uint64_t wanted_at;

static void fired(pv_evtchn_port_t from, void *context)
{
    (void)from;
    (void)context;
    if (!wanted || pv_time_ns() < wanted_at) {
        if (wanted)
            pv_set_timer_op(wanted_at); // an event of an earlier setting: the one wanted is still to come
        return;
    }
    const pv_timer_handler handler = wanted;
    wanted = NULL;
    handler(wanted_context);
}

static int bind(void)
{
    const int result = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    if (result < 0)
        return result;
    const pv_evtchn_port_t bound = (pv_evtchn_port_t)result;
    const int handled = pv_event_handle(bound, fired, NULL, 0);
    if (handled < 0)
        pv_event_close(bound);
    else
        port = bound;
    return handled;
}

int pv_timer_set(uint64_t deadline_ns, pv_timer_handler handler, void *context)
{
    if (!port) {
        const int result = bind();
        if (result < 0)
            return result;
    }
    const bool enabled = pv_irq_save();
    wanted = handler;
    wanted_context = context;
    wanted_at = deadline_ns;
    const long result = pv_set_timer_op(deadline_ns ? deadline_ns : 1);
    pv_irq_restore(enabled);
    return (int)result;
}

void pv_timer_cancel(void)
{
    const bool enabled = pv_irq_save();
    wanted = NULL;
    pv_set_timer_op(0);
    pv_irq_restore(enabled);
}
