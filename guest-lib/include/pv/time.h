// SPDX-License-Identifier: MIT
// Time in nanoseconds: system time runs since the domain's start (on Xen: the machine's) and never goes back; wall-clock
// time counts from 1970. Reading either is a matter of a few instructions, not of a hypercall, in handlers and on any vCPU.
//
// Example:
//     static void on_time(void *late)
//     {
//         *(int *)late = 1;
//     }
//     int wait_a_second(int *late)
//     {
//         pv_timer_set(pv_time_ns() + PV_SECOND_NS / 2, on_time, late); // in an upcall
//         pv_sleep_ns(PV_SECOND_NS);
//         return *late;
//     }
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_MILLISECOND_NS UINT64_C(1000000)
#define PV_SECOND_NS UINT64_C(1000000000)

uint64_t pv_time_ns(void);
uint64_t pv_wall_clock_ns(void);

// Waits so long. Handlers run meanwhile if upcalls are enabled.
void pv_sleep_ns(uint64_t duration_ns);

// Calls handler(context) once in an upcall at this system time (at once if it has passed). There is one timer; setting it
// again replaces what was set. Upcalls must be enabled (pv_irq_enable) for it to run. Returns 0 or a negated PV_E*.
typedef void (*pv_timer_handler)(void *context);
int pv_timer_set(uint64_t deadline_ns, pv_timer_handler handler, void *context);
void pv_timer_cancel(void);

#ifdef __cplusplus
}
#endif
