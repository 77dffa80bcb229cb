// SPDX-License-Identifier: MIT
// update_va_mapping.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/mmu.h>

static char page[2 * PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

void conform_mapping(void)
{
    const uintptr_t shared = (uintptr_t)pv_shared;
    const uint64_t entry = pv_start_info->shared_info | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    say("update_va_mapping of shared_info where it is", pv_update_va_mapping(shared, entry, PV_UVMF_INVLPG));
    say("update_va_mapping of shared_info, not at the page's first byte", pv_update_va_mapping(shared + 8, entry, PV_UVMF_INVLPG));
    say("update_va_mapping at null", pv_update_va_mapping(0, entry, PV_UVMF_INVLPG));
    pv_update_va_mapping(0, 0, PV_UVMF_INVLPG);
    say("update_va_mapping at an address far away", pv_update_va_mapping(UINT64_C(0x7fffffff0000), entry, PV_UVMF_INVLPG));
    say("update_va_mapping at one that is not canonical", pv_update_va_mapping(UINT64_C(1) << 63, entry, PV_UVMF_INVLPG));
    say("update_va_mapping of nothing at an address far away", pv_update_va_mapping(UINT64_C(0x7fffffff0000), 0, PV_UVMF_INVLPG));
    say("update_va_mapping of nothing at one that is not canonical", pv_update_va_mapping(UINT64_C(1) << 63, 0, PV_UVMF_INVLPG));
    say("update_va_mapping of a frame that nobody has",
        pv_update_va_mapping((uintptr_t)page, PV_PTE_FRAME_MASK | PV_PTE_PRESENT | PV_PTE_WRITABLE, PV_UVMF_INVLPG));
    say("update_va_mapping of nothing", pv_update_va_mapping((uintptr_t)page, 0, PV_UVMF_INVLPG));
    say("update_va_mapping of nothing, where nothing is", pv_update_va_mapping((uintptr_t)page, 0, PV_UVMF_INVLPG));
    say("update_va_mapping of the page that was there",
        pv_update_va_mapping((uintptr_t)page, pv_virt_to_mfn(page) << PV_PAGE_SHIFT | PV_PTE_PRESENT | PV_PTE_WRITABLE, PV_UVMF_INVLPG));
    say("update_va_mapping with flags of all ones", pv_update_va_mapping(shared, entry, ~UINT64_C(0)));
}
