// SPDX-License-Identifier: MIT
// Where things are in a guest's memory.
//
// pfn: a domain's own page number, from 0. mfn: the number that hypercalls, grants and rings take.
// Level 0 (auto_translated_physmap): both are the same, and frame n, special ones such as shared_info and the grant table
// included, is mapped at pv_base + (n << 12) from the start.
// On Xen: a table (p2m) translates, special frames are mapped into the image's own pages, and only the first megabytes,
// those that the builder mapped, can be reached. Guests that use these functions need not know which of the two it is.
//
// In any context, once pv_memory_init was called.
//
// Example:
//     bool is_my_own_frame(const void *page)
//     {
//         // At level 0 a frame's number is the page's own; on Xen it is the machine's.
//         return pv_virt_to_mfn(page) == pv_virt_to_pfn(page);
//     }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pvabi/page.h>
#include <pvabi/shared_info.h>

#ifdef __cplusplus
extern "C" {
#endif

extern uintptr_t pv_base;                   // virtual address of pfn 0
extern const uint64_t *pv_p2m;              // pfn -> mfn; null at level 0
extern struct pv_shared_info *pv_shared;    // events and time, shared with the hypervisor
extern uintptr_t pv_boot_end;               // end of what the builder put into memory, page aligned
extern uintptr_t pv_ram_end;                // end of the RAM that is mapped

static inline bool pv_is_auto_translated(void)
{
    return !pv_p2m;
}

// The feature bit PV_XENFEAT_*, as the hypervisor reports it.
bool pv_has_feature(unsigned feature);

static inline uint64_t pv_virt_to_pfn(const void *address)
{
    return ((uintptr_t)address - pv_base) >> PV_PAGE_SHIFT;
}

// The frame that holds this address of the domain's RAM.
static inline uint64_t pv_virt_to_mfn(const void *address)
{
    const uint64_t pfn = pv_virt_to_pfn(address);
    return pv_p2m ? pv_p2m[pfn] : pfn;
}

// Where a frame of the domain is mapped. On Xen only for frames of its RAM, not for special ones.
void *pv_mfn_to_virt(uint64_t mfn);

// The ramdisk the domain was started with, or null; *bytes receives its size. With modules it is the package of them: pv/module.h.
const void *pv_ramdisk(uint64_t *bytes);

// Called once, before anything else of the library, by its start code or by a kernel that has its own. `base` is where the
// kernel sees pfn 0: the VIRT_BASE of its notes, plus the load bias if it is relocatable. `boot_stack_top` is rsp at entry.
struct pv_start_info;
void pv_memory_init(const struct pv_start_info *info, uintptr_t base, uintptr_t boot_stack_top);

#ifdef __cplusplus
}
#endif
