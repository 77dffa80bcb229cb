// SPDX-License-Identifier: MIT
// sched_op(cmd, argument): giving up the CPU and ending the domain. Source: Xen's public/sched.h.
#pragma once

#include <stdint.h>

#include "assert.h"
#include "domid.h"

#define PV_SCHEDOP_YIELD 0           // argument ignored
#define PV_SCHEDOP_BLOCK 1           // argument ignored; clears the upcall mask, then waits for an event
#define PV_SCHEDOP_SHUTDOWN 2        // pv_sched_shutdown
#define PV_SCHEDOP_POLL 3            // pv_sched_poll
#define PV_SCHEDOP_REMOTE_SHUTDOWN 4 // pv_sched_remote_shutdown
#define PV_SCHEDOP_SHUTDOWN_CODE 5   // pv_sched_shutdown
#define PV_SCHEDOP_WATCHDOG 6        // pv_sched_watchdog
#define PV_SCHEDOP_PIN_OVERRIDE 7

// pv_sched_shutdown.reason
#define PV_SHUTDOWN_POWEROFF 0
#define PV_SHUTDOWN_REBOOT 1
#define PV_SHUTDOWN_SUSPEND 2
#define PV_SHUTDOWN_CRASH 3
#define PV_SHUTDOWN_WATCHDOG 4
#define PV_SHUTDOWN_SOFT_RESET 5
#define PV_SHUTDOWN_MAX 5

#define PV_SCHED_POLL_MAX_PORTS 128 // more are refused

struct pv_sched_shutdown {
    uint32_t reason; // in: PV_SHUTDOWN_*
};

PV_ASSERT_SIZE(struct pv_sched_shutdown, 4);
PV_ASSERT_ALIGN(struct pv_sched_shutdown, 4);
PV_ASSERT_OFFSET(struct pv_sched_shutdown, reason, 0);

// Waits until one of the ports is pending or the time has come. No upcall is needed, and the port may be masked.
struct pv_sched_poll {
    uint64_t ports;    // in: guest address of an array of pv_evtchn_port_t
    uint32_t nr_ports; // in: at most PV_SCHED_POLL_MAX_PORTS
    uint32_t pad0;
    uint64_t timeout; // in: absolute system time in nanoseconds; 0 waits without limit
};

PV_ASSERT_SIZE(struct pv_sched_poll, 24);
PV_ASSERT_ALIGN(struct pv_sched_poll, 8);
PV_ASSERT_OFFSET(struct pv_sched_poll, ports, 0);
PV_ASSERT_OFFSET(struct pv_sched_poll, nr_ports, 8);
PV_ASSERT_OFFSET(struct pv_sched_poll, pad0, 12);
PV_ASSERT_OFFSET(struct pv_sched_poll, timeout, 16);

struct pv_sched_remote_shutdown {
    pv_domid_t domain_id;
    uint16_t pad0;
    uint32_t reason;
};

PV_ASSERT_SIZE(struct pv_sched_remote_shutdown, 8);
PV_ASSERT_ALIGN(struct pv_sched_remote_shutdown, 4);
PV_ASSERT_OFFSET(struct pv_sched_remote_shutdown, domain_id, 0);
PV_ASSERT_OFFSET(struct pv_sched_remote_shutdown, pad0, 2);
PV_ASSERT_OFFSET(struct pv_sched_remote_shutdown, reason, 4);

struct pv_sched_watchdog {
    uint32_t id;      // in: 0 makes a new one, whose number is the answer
    uint32_t timeout; // in: seconds; 0 ends it
};

PV_ASSERT_SIZE(struct pv_sched_watchdog, 8);
PV_ASSERT_ALIGN(struct pv_sched_watchdog, 4);
PV_ASSERT_OFFSET(struct pv_sched_watchdog, id, 0);
PV_ASSERT_OFFSET(struct pv_sched_watchdog, timeout, 4);
