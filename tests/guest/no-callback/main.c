// SPDX-License-Identifier: MIT
// no-callback: an event that is due in a guest without a callback ends it, and says why.
//
// Unmasking before registering the callback is an easy mistake; going on without a word would leave a guest that never hears
// of its events.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    const int port = pv_event_bind_ipi(0);
    CHECK(port > 0);
    pv_event_unmask((pv_evtchn_port_t)port);
    pv_event_send((pv_evtchn_port_t)port);
    pv_puts("unmasking");
    pv_shared->vcpu_info[0].evtchn_upcall_mask = 0;
    pv_nop();
    pv_puts("FAILURE it went on");
    return 1;
}
