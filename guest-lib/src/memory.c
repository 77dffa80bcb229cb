// SPDX-License-Identifier: MIT
// Finds out how the domain's memory is laid out: flat on pvisor, through the p2m and the builder's mappings on Xen.

#include <pv/memory.h>

#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/vcpu.h>

#include <pvabi/features.h>
#include <pvabi/mmu.h>
#include <pvabi/xen_version.h>

const struct pv_start_info *pv_start_info;
uintptr_t pv_base;
const uint64_t *pv_p2m;
struct pv_shared_info *pv_shared;
uintptr_t pv_boot_end;
uintptr_t pv_ram_end;

// Here, where every guest has them, for parts that shall not need each other (vcpu.h).
bool pv_has_vcpus;
int (*pv_trap_install)(void);

static uint32_t features;

// On Xen shared_info is mapped in place of this page.
static char shared_info_page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static uint32_t read_features(void)
{
    struct pv_feature_info info = {.submap_idx = 0};
    return pv_xen_version(PV_XENVER_GET_FEATURES, &info) == 0 ? info.submap : 0;
}

static struct pv_shared_info *map_shared_info(void)
{
    const uint64_t entry = pv_start_info->shared_info | PV_PTE_PRESENT | PV_PTE_WRITABLE;
    if (pv_update_va_mapping((uintptr_t)shared_info_page, entry, PV_UVMF_INVLPG) != 0)
        __builtin_trap();
    return (struct pv_shared_info *)shared_info_page;
}

// Xen's builders leave at least 512 KiB behind the boot stack mapped and round the end up to 4 MiB.
static uintptr_t end_of_initial_mapping(uintptr_t boot_end)
{
    const uintptr_t unit = UINT64_C(4) << 20;
    return (boot_end + (UINT64_C(512) << 10) + unit - 1) & ~(unit - 1);
}

void pv_memory_init(const struct pv_start_info *info, uintptr_t base, uintptr_t boot_stack_top)
{
    pv_start_info = info;
    features = read_features();
    pv_base = base;
    pv_boot_end = (boot_stack_top + PV_PAGE_SIZE - 1) & ~(uintptr_t)(PV_PAGE_SIZE - 1);
    pv_ram_end = pv_base + (info->nr_pages << PV_PAGE_SHIFT);

    if (pv_has_feature(PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP)) {
        pv_shared = (struct pv_shared_info *)(pv_base + info->shared_info);
    } else {
        pv_p2m = (const uint64_t *)info->mfn_list;
        const uintptr_t mapped_end = end_of_initial_mapping(pv_boot_end);
        if (mapped_end < pv_ram_end)
            pv_ram_end = mapped_end;
        pv_shared = map_shared_info();
        pv_update_va_mapping(pv_base, 0, PV_UVMF_INVLPG); // the stack's guard page, and null pointers; at level 0 both fault anyhow
    }

    for (unsigned i = 0; i < PV_EVTCHN_WORDS; i++)
        pv_shared->evtchn_mask[i] = ~UINT64_C(0);
}

bool pv_has_feature(unsigned feature)
{
    return feature < 32 && (features >> feature & 1) != 0;
}

void *pv_mfn_to_virt(uint64_t mfn)
{
    const uint64_t *machine_to_pfn = (const uint64_t *)PV_MACH2PHYS_VIRT_START;
    const uint64_t pfn = pv_p2m ? machine_to_pfn[mfn] : mfn;
    return (void *)(pv_base + (pfn << PV_PAGE_SHIFT));
}

const void *pv_ramdisk(uint64_t *bytes)
{
    const struct pv_start_info *info = pv_start_info;
    *bytes = info->mod_len;
    if (info->mod_start == 0 || info->mod_len == 0)
        return NULL;
    if (info->flags & PV_SIF_MOD_START_PFN)
        return (const void *)(pv_base + (info->mod_start << PV_PAGE_SHIFT));
    return (const void *)info->mod_start;
}
