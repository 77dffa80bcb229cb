// SPDX-License-Identifier: MIT
// console-ring: a guest that says it printed more than its ring can hold.
//
// Its console is off, with one line for the operator; the guest goes on, and so does the other's console. What it found is its exit
// status, as it has no other voice left.

#include "hostile.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/memory.h>

#include <pvabi/io/console.h>
#include <pvabi/sched.h>

static struct pv_xencons_interface *console_ring;

static int attack(void)
{
    console_ring = pv_mfn_to_virt(pv_start_info->console.domU.mfn);
    const pv_evtchn_port_t port = pv_start_info->console.domU.evtchn;
    for (unsigned i = 0; i < 1000; i++) {
        console_ring->out_prod = console_ring->out_cons + PV_XENCONS_OUT_SIZE + 1 + (uint32_t)random_number() % 0x7fffffff;
        console_ring->in_cons = (uint32_t)random_number();
        CHECK_EQUAL(pv_event_send(port), 0);
    }
    pv_sleep_ns(10 * PV_MILLISECOND_NS);
    CHECK_EQUAL(pv_xs_write(PV_XS_NO_TRANSACTION, "data/still", "here"), 0);
    pv_exit_status(report_failures == 0 ? 0 : 1);
    pv_shutdown(PV_SHUTDOWN_POWEROFF); // not pv_exit, which waits for the console
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
