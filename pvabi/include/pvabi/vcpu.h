// SPDX-License-Identifier: MIT
// vcpu_op(cmd, vcpu, argument): a domain's vCPUs and their timers. Source: Xen's public/vcpu.h.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_VCPUOP_INITIALISE 0                    // pv_vcpu_guest_context (cpu.h)
#define PV_VCPUOP_UP 1                            // argument 0
#define PV_VCPUOP_DOWN 2                          // argument 0
#define PV_VCPUOP_IS_UP 3                         // argument 0; answers 1 or 0
#define PV_VCPUOP_GET_RUNSTATE_INFO 4             // pv_vcpu_runstate_info
#define PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA 5 // pv_vcpu_register_runstate_memory_area
#define PV_VCPUOP_SET_PERIODIC_TIMER 6            // pv_vcpu_set_periodic_timer
#define PV_VCPUOP_STOP_PERIODIC_TIMER 7           // argument 0
#define PV_VCPUOP_SET_SINGLESHOT_TIMER 8          // pv_vcpu_set_singleshot_timer
#define PV_VCPUOP_STOP_SINGLESHOT_TIMER 9         // argument 0
#define PV_VCPUOP_REGISTER_VCPU_INFO 10           // pv_vcpu_register_vcpu_info
#define PV_VCPUOP_SEND_NMI 11
#define PV_VCPUOP_GET_PHYSID 12
#define PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA 13 // pv_vcpu_register_time_memory_area

// pv_vcpu_runstate_info.state, and the index into .time
#define PV_RUNSTATE_RUNNING 0
#define PV_RUNSTATE_RUNNABLE 1
#define PV_RUNSTATE_BLOCKED 2
#define PV_RUNSTATE_OFFLINE 3

#define PV_RUNSTATE_UPDATE (UINT64_C(1) << 63) // in state_entry_time while the rest is being written

// pv_vcpu_set_singleshot_timer.flags
#define PV_VCPU_SSHOTTMR_FUTURE (1U << 0) // ignored

struct pv_vcpu_runstate_info {
    int32_t state;             // PV_RUNSTATE_*
    uint64_t state_entry_time; // system time when it began
    uint64_t time[4];          // nanoseconds spent in each state
};

PV_ASSERT_SIZE(struct pv_vcpu_runstate_info, 48);
PV_ASSERT_ALIGN(struct pv_vcpu_runstate_info, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_runstate_info, state, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_runstate_info, state_entry_time, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_runstate_info, time, 16);

struct pv_vcpu_register_runstate_memory_area {
    uint64_t addr; // in: guest address of a pv_vcpu_runstate_info
};

PV_ASSERT_SIZE(struct pv_vcpu_register_runstate_memory_area, 8);
PV_ASSERT_ALIGN(struct pv_vcpu_register_runstate_memory_area, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_register_runstate_memory_area, addr, 0);

struct pv_vcpu_set_periodic_timer {
    uint64_t period_ns; // in: at least one millisecond
};

PV_ASSERT_SIZE(struct pv_vcpu_set_periodic_timer, 8);
PV_ASSERT_ALIGN(struct pv_vcpu_set_periodic_timer, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_set_periodic_timer, period_ns, 0);

struct pv_vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns; // in: absolute system time
    uint32_t flags;          // in: PV_VCPU_SSHOTTMR_*
};

PV_ASSERT_SIZE(struct pv_vcpu_set_singleshot_timer, 16);
PV_ASSERT_ALIGN(struct pv_vcpu_set_singleshot_timer, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_set_singleshot_timer, timeout_abs_ns, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_set_singleshot_timer, flags, 8);

// Moves a vCPU's pv_vcpu_info from shared_info to a place of the guest's choice, once and for good.
struct pv_vcpu_register_vcpu_info {
    uint64_t mfn;    // in: frame
    uint32_t offset; // in: in the frame; the struct must not cross the page's end
    uint32_t rsvd;   // in: 0
};

PV_ASSERT_SIZE(struct pv_vcpu_register_vcpu_info, 16);
PV_ASSERT_ALIGN(struct pv_vcpu_register_vcpu_info, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_register_vcpu_info, mfn, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_register_vcpu_info, offset, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_register_vcpu_info, rsvd, 12);

struct pv_vcpu_register_time_memory_area {
    uint64_t addr; // in: guest address of a pv_vcpu_time_info
};

PV_ASSERT_SIZE(struct pv_vcpu_register_time_memory_area, 8);
PV_ASSERT_ALIGN(struct pv_vcpu_register_time_memory_area, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_register_time_memory_area, addr, 0);
