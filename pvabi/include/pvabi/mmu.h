// SPDX-License-Identifier: MIT
// Page tables by hypercall: mmu_update, mmuext_op and update_va_mapping. Source: Xen's public/xen.h and
// public/arch-x86/xen-x86_64.h. Level 0 guests use update_va_mapping at most; ABI.md says who needs what.
#pragma once

#include <stdint.h>

#include "assert.h"

// Low two bits of pv_mmu_update.ptr.
#define PV_MMU_NORMAL_PT_UPDATE 0      // ptr: machine address of a page-table entry; val: its new value
#define PV_MMU_MACHPHYS_UPDATE 1       // ptr: machine address of a frame; val: its pfn in the m2p table
#define PV_MMU_PT_UPDATE_PRESERVE_AD 2 // as 0, keeping accessed and dirty
#define PV_MMU_PT_UPDATE_NO_TRANSLATE 3

struct pv_mmu_update {
    uint64_t ptr; // in
    uint64_t val; // in
};

PV_ASSERT_SIZE(struct pv_mmu_update, 16);
PV_ASSERT_ALIGN(struct pv_mmu_update, 8);
PV_ASSERT_OFFSET(struct pv_mmu_update, ptr, 0);
PV_ASSERT_OFFSET(struct pv_mmu_update, val, 8);

// pv_mmuext_op.cmd
#define PV_MMUEXT_PIN_L1_TABLE 0
#define PV_MMUEXT_PIN_L2_TABLE 1
#define PV_MMUEXT_PIN_L3_TABLE 2
#define PV_MMUEXT_PIN_L4_TABLE 3
#define PV_MMUEXT_UNPIN_TABLE 4
#define PV_MMUEXT_NEW_BASEPTR 5
#define PV_MMUEXT_TLB_FLUSH_LOCAL 6
#define PV_MMUEXT_INVLPG_LOCAL 7
#define PV_MMUEXT_TLB_FLUSH_MULTI 8
#define PV_MMUEXT_INVLPG_MULTI 9
#define PV_MMUEXT_TLB_FLUSH_ALL 10
#define PV_MMUEXT_INVLPG_ALL 11
#define PV_MMUEXT_FLUSH_CACHE 12
#define PV_MMUEXT_SET_LDT 13
#define PV_MMUEXT_NEW_USER_BASEPTR 15
#define PV_MMUEXT_CLEAR_PAGE 16
#define PV_MMUEXT_COPY_PAGE 17
#define PV_MMUEXT_FLUSH_CACHE_GLOBAL 18
#define PV_MMUEXT_MARK_SUPER 19
#define PV_MMUEXT_UNMARK_SUPER 20

struct pv_mmuext_op {
    uint32_t cmd; // in
    union {
        uint64_t mfn;
        uint64_t linear_addr;
    } arg1; // in
    union {
        uint32_t nr_ents;
        uint64_t vcpumask; // guest address of a bit mask
        uint64_t src_mfn;
    } arg2; // in
};

PV_ASSERT_SIZE(struct pv_mmuext_op, 24);
PV_ASSERT_ALIGN(struct pv_mmuext_op, 8);
PV_ASSERT_OFFSET(struct pv_mmuext_op, cmd, 0);
PV_ASSERT_OFFSET(struct pv_mmuext_op, arg1, 8);
PV_ASSERT_OFFSET(struct pv_mmuext_op, arg2, 16);

// Third argument of update_va_mapping: what to flush, and where; a number above UVMF_ALL is the guest address of a vCPU
// mask, with the kind of flush in the low two bits.
#define PV_UVMF_NONE 0
#define PV_UVMF_TLB_FLUSH 1
#define PV_UVMF_INVLPG 2
#define PV_UVMF_FLUSHTYPE_MASK 3
#define PV_UVMF_MULTI (0 << 2)
#define PV_UVMF_LOCAL (0 << 2)
#define PV_UVMF_ALL (1 << 2)

// Bits of a page-table entry, the processor's own.
#define PV_PTE_PRESENT (UINT64_C(1) << 0)
#define PV_PTE_WRITABLE (UINT64_C(1) << 1)
#define PV_PTE_USER (UINT64_C(1) << 2)
#define PV_PTE_ACCESSED (UINT64_C(1) << 5)
#define PV_PTE_DIRTY (UINT64_C(1) << 6)
#define PV_PTE_NO_EXECUTE (UINT64_C(1) << 63)
#define PV_PTE_FRAME_MASK UINT64_C(0x000ffffffffff000)

// Xen's own part of every address space, and the machine-to-physical table in it.
#define PV_HYPERVISOR_VIRT_START UINT64_C(0xffff800000000000)
#define PV_HYPERVISOR_VIRT_END UINT64_C(0xffff880000000000)
#define PV_MACH2PHYS_VIRT_START UINT64_C(0xffff800000000000)
#define PV_MACH2PHYS_VIRT_END UINT64_C(0xffff804000000000)
