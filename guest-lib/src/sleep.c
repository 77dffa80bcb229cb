// SPDX-License-Identifier: MIT
// Waiting for a time.

#include <pv/time.h>

#include <pv/hypercall.h>

#include <pvabi/sched.h>

// A poll of no ports with a time limit: it needs neither a port nor the timer, which stays free for pv_timer_set.
void pv_sleep_ns(uint64_t duration_ns)
{
    const uint64_t deadline = pv_time_ns() + duration_ns;
    while (pv_time_ns() < deadline) {
        struct pv_sched_poll poll = {.timeout = deadline};
        if (pv_sched_op(PV_SCHEDOP_POLL, &poll) != 0)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    }
}
