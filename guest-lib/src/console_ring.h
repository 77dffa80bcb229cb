// SPDX-License-Identifier: MIT
// Internal: the console's ring, which output and input share.
#pragma once

#include <pvabi/event_channel.h>
#include <pvabi/io/console.h>

struct pv_console {
    struct pv_xencons_interface *ring; // null: the domain has none, console_io is used
    pv_evtchn_port_t port;             // stays masked: waiting is by SCHEDOP_poll
};

// Finds the ring at the first call.
const struct pv_console *pv_console_of_domain(void);
