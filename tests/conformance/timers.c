// SPDX-License-Identifier: MIT
// set_timer_op and the timers of vcpu_op, by the events that they raise.

#include "groups.h"
#include "say.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>

#include <pvabi/vcpu.h>

static pv_evtchn_port_t port;

static long single_shot(unsigned vcpu, uint64_t time, uint32_t flags)
{
    struct pv_vcpu_set_singleshot_timer argument = {.timeout_abs_ns = time, .flags = flags};
    return pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, vcpu, &argument);
}

static long single_shot_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, argument); }

// Waits for the event: a timer that does not come is a run that does not end, and the harness says so.
static void say_fires(void)
{
    pv_event_wait(port);
    say_whether("  fires", true);
}

static void say_set_timer(void)
{
    say("set_timer_op, a time that has passed", pv_set_timer_op(1));
    say_fires();
    const uint64_t soon = pv_time_ns() + PV_MILLISECOND_NS;
    say("set_timer_op, in a millisecond", pv_set_timer_op(soon));
    say_fires();
    say_whether("  not early", pv_time_ns() >= soon);
    say("set_timer_op, in an hour", pv_set_timer_op(pv_time_ns() + 3600 * PV_SECOND_NS));
    say("set_timer_op, in a millisecond instead", pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS));
    say_fires();
    pv_set_timer_op(pv_time_ns() + 5 * PV_MILLISECOND_NS);
    say("set_timer_op 0", pv_set_timer_op(0));
    pv_sleep_ns(10 * PV_MILLISECOND_NS);
    say_whether("  what was set fires", pv_event_take(port));
}

static void say_single_shot(void)
{
    say("vcpu_op set_singleshot_timer, 0", single_shot(0, 0, 0));
    say_fires();
    say("vcpu_op set_singleshot_timer, a time that has passed", single_shot(0, 1, 0));
    say_fires();
    say("vcpu_op set_singleshot_timer, the same with FUTURE", single_shot(0, 1, PV_VCPU_SSHOTTMR_FUTURE));
    say_fires();
    say("vcpu_op set_singleshot_timer, in a millisecond with FUTURE", single_shot(0, pv_time_ns() + PV_MILLISECOND_NS, PV_VCPU_SSHOTTMR_FUTURE));
    say_fires();
    single_shot(0, pv_time_ns() + 5 * PV_MILLISECOND_NS, 0);
    say("vcpu_op stop_singleshot_timer", pv_vcpu_op(PV_VCPUOP_STOP_SINGLESHOT_TIMER, 0, NULL));
    pv_sleep_ns(10 * PV_MILLISECOND_NS);
    say_whether("  what was set fires", pv_event_take(port));
    single_shot(0, pv_time_ns() + 3600 * PV_SECOND_NS, 0);
    pv_set_timer_op(pv_time_ns() + PV_MILLISECOND_NS);
    say_fires();
    say_bad_pointers("vcpu_op set_singleshot_timer, nowhere", single_shot_at, sizeof(struct pv_vcpu_set_singleshot_timer));
}

void conform_timers(void)
{
    pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL); // on Xen one runs from the start
    port = (pv_evtchn_port_t)pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    say_set_timer();
    say_single_shot();
    pv_event_close(port);
}
