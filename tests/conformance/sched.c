// SPDX-License-Identifier: MIT
// sched_op, but for shutdown, which ends every run.

#include "entries.h"
#include "groups.h"
#include "say.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/sched.h>

static long poll(const pv_evtchn_port_t *ports, unsigned count, uint64_t timeout)
{
    struct pv_sched_poll argument = {.ports = (uintptr_t)ports, .nr_ports = count, .timeout = timeout};
    return pv_sched_op(PV_SCHEDOP_POLL, &argument);
}

static long poll_at(void *argument) { return pv_sched_op(PV_SCHEDOP_POLL, argument); }
static long poll_port_at(void *ports) { return poll(ports, 1, 1); }
static long shutdown_at(void *argument) { return pv_sched_op(PV_SCHEDOP_SHUTDOWN, argument); }

static long shutdown_code_at(void *argument) { return pv_sched_op(PV_SCHEDOP_SHUTDOWN_CODE, argument); }
static long remote_shutdown_at(void *argument) { return pv_sched_op(PV_SCHEDOP_REMOTE_SHUTDOWN, argument); }
static long watchdog_at(void *argument) { return pv_sched_op(PV_SCHEDOP_WATCHDOG, argument); }

static long remote_shutdown(pv_domid_t domain)
{
    struct pv_sched_remote_shutdown argument = {.domain_id = domain, .reason = PV_SHUTDOWN_POWEROFF};
    return pv_sched_op(PV_SCHEDOP_REMOTE_SHUTDOWN, &argument);
}

static long watchdog(uint32_t id, uint32_t seconds)
{
    struct pv_sched_watchdog argument = {.id = id, .timeout = seconds};
    return pv_sched_op(PV_SCHEDOP_WATCHDOG, &argument);
}

static void say_watchdog(void)
{
    say("sched_op watchdog 1, not set", watchdog(1, 60));
    say("sched_op watchdog 3", watchdog(3, 60));
    say("sched_op watchdog 2^32 - 1", watchdog(~0U, 60));
    say("sched_op watchdog, new", watchdog(0, 60));
    say("sched_op watchdog, another", watchdog(0, ~0U));
    say("sched_op watchdog, a third", watchdog(0, 60));
    say("sched_op watchdog 2 anew", watchdog(2, 60));
    say("sched_op watchdog 1, given back", watchdog(1, 0));
    say("sched_op watchdog 1, given back again", watchdog(1, 0));
    say("sched_op watchdog, new", watchdog(0, 60));
    say("sched_op watchdog 1, given back", watchdog(1, 0));
    say("sched_op watchdog 2, given back", watchdog(2, 0));
    say_bad_pointers("sched_op watchdog, nowhere", watchdog_at, sizeof(struct pv_sched_watchdog));
}

static void say_block(void)
{
    struct pv_vcpu_info *info = &pv_shared->vcpu_info[0];
    const pv_evtchn_port_t port = (pv_evtchn_port_t)pv_event_bind_ipi(0);
    pv_set_callbacks((uintptr_t)entry_upcall, 0, 0);
    pv_event_unmask(port);
    pv_event_send(port); // pending, with upcalls masked: block unmasks them and finds it
    upcalls = 0;
    say("sched_op block with an event pending", pv_sched_op(PV_SCHEDOP_BLOCK, NULL));
    say_whether("  it is delivered", upcalls == 1);
    say_whether("  upcalls are masked", info->evtchn_upcall_mask);
    info->evtchn_upcall_mask = 1;
    pv_event_mask(port);
    pv_event_take(port);
    info->evtchn_pending_sel = 0;

    const pv_evtchn_port_t timer = (pv_evtchn_port_t)pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    pv_event_unmask(timer);
    upcalls = 0;
    pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS);
    say("sched_op block until the timer", pv_sched_op(PV_SCHEDOP_BLOCK, NULL));
    say_whether("  it is delivered", upcalls == 1);
    info->evtchn_upcall_mask = 1;
    pv_event_close(timer);
    pv_event_close(port);
}

static void say_poll(void)
{
    const pv_evtchn_port_t port = (pv_evtchn_port_t)pv_event_bind_ipi(0); // masked
    pv_evtchn_port_t ports[129];
    for (unsigned i = 0; i < 129; i++)
        ports[i] = port;
    say("sched_op poll of no port, until a time that has passed", poll(NULL, 0, 1));
    say("sched_op poll of one port, until a time that has passed", poll(&port, 1, 1));
    pv_event_send(port);
    say("sched_op poll of a pending port, for ever", poll(&port, 1, 0));
    say("sched_op poll of 128 ports", poll(ports, 128, 0));
    say("sched_op poll of 129 ports", poll(ports, 129, 0));
    say("sched_op poll of 2^32 - 1 ports", poll(ports, 0xffffffff, 0));
    say_whether("  the port is still pending", pv_event_take(port));
    ports[1] = 4096;
    say("sched_op poll of port 4096", poll(ports, 2, 1));
    ports[1] = 3000;
    say("sched_op poll of a free port", poll(ports, 2, 1));
    say("sched_op poll of port 0", poll((pv_evtchn_port_t[]){0}, 1, 1));
    pv_event_close(port);
    say_bad_pointers("sched_op poll, nowhere", poll_at, sizeof(struct pv_sched_poll));
    say_bad_pointers("sched_op poll of a port nowhere", poll_port_at, 4);
}

void conform_sched(void)
{
    say("sched_op yield", pv_sched_op(PV_SCHEDOP_YIELD, NULL));
    say_block();
    say_poll();
    say_bad_pointers("sched_op shutdown, nowhere", shutdown_at, sizeof(struct pv_sched_shutdown));
    say_bad_pointers("sched_op shutdown_code, nowhere", shutdown_code_at, sizeof(struct pv_sched_shutdown));
    say_watchdog();
    say("sched_op remote_shutdown of no domain", remote_shutdown(NOBODY));
    say("sched_op remote_shutdown of DOMID_SELF", remote_shutdown(PV_DOMID_SELF));
    say_bad_pointers("sched_op remote_shutdown, nowhere", remote_shutdown_at, sizeof(struct pv_sched_remote_shutdown));
    say("sched_op pin_override", pv_sched_op(PV_SCHEDOP_PIN_OVERRIDE, NULL));
    say("sched_op command 8", pv_sched_op(8, NULL));
    say("sched_op command of all ones", pv_sched_op(~0U, NULL));
}
