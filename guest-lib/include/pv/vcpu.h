// SPDX-License-Identifier: MIT
// The vCPU that runs this code: its number, and its own part of shared_info. smp.h starts others.
//
// Example:
//     bool are_upcalls_masked(void)
//     {
//         return pv_own_vcpu_info()->evtchn_upcall_mask != 0;
//     }
#pragma once

#include <stdbool.h>

#include <pv/memory.h>

#ifdef __cplusplus
extern "C" {
#endif

// Internal: true once pv_vcpu_start was called. Until then GS is the kernel's.
extern bool pv_has_vcpus;
// Internal: installs the library's trap table on the calling vCPU; null while no exception has a handler.
extern int (*pv_trap_install)(void);

// 0 in a kernel that starts no others.
static inline unsigned pv_vcpu_id(void)
{
    unsigned id = 0;
    if (pv_has_vcpus)
        __asm__ volatile("movl %%gs:0, %0" : "=r"(id));
    return id;
}

static inline struct pv_vcpu_info *pv_own_vcpu_info(void)
{
    return &pv_shared->vcpu_info[pv_vcpu_id()];
}

#ifdef __cplusplus
}
#endif
