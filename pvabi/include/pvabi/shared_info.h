// SPDX-License-Identifier: MIT
// shared_info: the page that a domain and the hypervisor both write while the domain runs. It carries event bits, the
// upcall flags of each vCPU, and time. Source: Xen's public/xen.h and public/arch-x86/xen.h.
//
// Sending an event on port p of a two-level domain (hypervisor), W = p / 64, B = p % 64:
//   1. set bit B of evtchn_pending[W]; if it was set before, stop: the event is already under way
//   2. if bit B of evtchn_mask[W] is set, stop: the guest looks itself, or unmasks by EVTCHNOP_unmask. Only a vCPU that
//      waits for this very port in SCHEDOP_poll is woken all the same
//   3. set bit W of the target vCPU's evtchn_pending_sel; if it was set before, go on all the same
//   4. set that vCPU's evtchn_upcall_pending to 1
//   5. wake the vCPU if it is blocked, make it look soon if it runs
// Steps 1, 3 are atomic read-modify-writes, in this order: whoever sees a later step sees the earlier ones.
//
// Receiving (guest, in its upcall handler, evtchn_upcall_mask being 1):
//   1. set evtchn_upcall_pending to 0
//   2. exchange evtchn_pending_sel with 0
//   3. for each bit W taken: for each bit set in evtchn_pending[W] & ~evtchn_mask[W]: clear the pending bit, then handle
//   Clearing before handling, and step 1 before step 2, is what loses no event: one that comes later sets all again.
//
// Unmasking upcalls (guest): store 0 to evtchn_upcall_mask, then load evtchn_upcall_pending, with a full fence between
// the two (an exchange does both); if it is 1, handle events now. iret and the hypercalls' return do this by themselves.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_LEGACY_MAX_VCPUS 32 // vCPUs beyond these need register_vcpu_info
#define PV_EVTCHN_WORDS 64     // words of 64 bits in evtchn_pending and evtchn_mask

// pv_vcpu_time_info.flags
#define PV_CLOCK_TSC_STABLE_BIT (1 << 0) // all vCPUs' times come from one steady source
#define PV_CLOCK_GUEST_STOPPED (1 << 1)  // the guest was stopped for long; watchdogs should be patient

// Time, written by the hypervisor, read by the guest's vCPU that it belongs to.
// Publish (hypervisor): 1. make version odd  2. write the fields  3. make version even, one higher again.
// Read (guest):         1. read version; odd -> again  2. read the fields  3. read version; changed -> again.
// Nanoseconds since boot = system_time + (((tsc - tsc_timestamp) shifted by tsc_shift) * tsc_to_system_mul >> 32),
// the shift being to the left when positive and to the right when negative.
struct pv_vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;     // TSC at which system_time was true
    uint64_t system_time;       // nanoseconds since boot
    uint32_t tsc_to_system_mul; // never 0, not even before the first instruction: guests divide by it
    int8_t tsc_shift;
    uint8_t flags; // PV_CLOCK_*
    uint8_t pad1[2];
};

PV_ASSERT_SIZE(struct pv_vcpu_time_info, 32);
PV_ASSERT_ALIGN(struct pv_vcpu_time_info, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, version, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, pad0, 4);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, tsc_timestamp, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, system_time, 16);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, tsc_to_system_mul, 24);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, tsc_shift, 28);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, flags, 29);
PV_ASSERT_OFFSET(struct pv_vcpu_time_info, pad1, 30);

struct pv_arch_vcpu_info {
    uint64_t cr2; // faulting address of the last page fault; written before the guest's handler runs
    uint64_t pad;
};

PV_ASSERT_SIZE(struct pv_arch_vcpu_info, 16);
PV_ASSERT_ALIGN(struct pv_arch_vcpu_info, 8);
PV_ASSERT_OFFSET(struct pv_arch_vcpu_info, cr2, 0);
PV_ASSERT_OFFSET(struct pv_arch_vcpu_info, pad, 8);

struct pv_vcpu_info {
    uint8_t evtchn_upcall_pending; // set by the hypervisor, cleared by the guest
    uint8_t evtchn_upcall_mask;    // the guest's; also set on entry to its handlers and restored by iret
    uint8_t pad0[6];
    uint64_t evtchn_pending_sel;   // set by the hypervisor bit by bit, taken by the guest as a whole
    struct pv_arch_vcpu_info arch; // written on the hypervisor's side
    struct pv_vcpu_time_info time; // written by the hypervisor
};

PV_ASSERT_SIZE(struct pv_vcpu_info, 64);
PV_ASSERT_ALIGN(struct pv_vcpu_info, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_info, evtchn_upcall_pending, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_info, evtchn_upcall_mask, 1);
PV_ASSERT_OFFSET(struct pv_vcpu_info, pad0, 2);
PV_ASSERT_OFFSET(struct pv_vcpu_info, evtchn_pending_sel, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_info, arch, 16);
PV_ASSERT_OFFSET(struct pv_vcpu_info, time, 32);

// Written by the guest for tools that save or inspect it; nothing here reads it.
struct pv_arch_shared_info {
    uint64_t max_pfn;                    // one past the last pfn in the p2m
    uint64_t pfn_to_mfn_frame_list_list; // frame of the top of the three-level p2m
    uint64_t nmi_reason;
    uint64_t p2m_cr3;        // 0, or the page table through which p2m_vaddr is to be read
    uint64_t p2m_vaddr;      // linear p2m list
    uint64_t p2m_generation; // odd while the guest changes the p2m
};

PV_ASSERT_SIZE(struct pv_arch_shared_info, 48);
PV_ASSERT_ALIGN(struct pv_arch_shared_info, 8);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, max_pfn, 0);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, pfn_to_mfn_frame_list_list, 8);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, nmi_reason, 16);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, p2m_cr3, 24);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, p2m_vaddr, 32);
PV_ASSERT_OFFSET(struct pv_arch_shared_info, p2m_generation, 40);

struct pv_shared_info {
    struct pv_vcpu_info vcpu_info[PV_LEGACY_MAX_VCPUS];
    uint64_t evtchn_pending[PV_EVTCHN_WORDS]; // set by the hypervisor, cleared by the guest
    uint64_t evtchn_mask[PV_EVTCHN_WORDS];    // the guest's; zero at start, kernels mask what they do not want
    // Wall clock at system_time 0, UTC; published by wc_version in the way of pv_vcpu_time_info.version.
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi; // upper half of the seconds
    struct pv_arch_shared_info arch;
};

PV_ASSERT_SIZE(struct pv_shared_info, 3136);
PV_ASSERT_ALIGN(struct pv_shared_info, 8);
PV_ASSERT_OFFSET(struct pv_shared_info, vcpu_info, 0);
PV_ASSERT_OFFSET(struct pv_shared_info, evtchn_pending, 2048);
PV_ASSERT_OFFSET(struct pv_shared_info, evtchn_mask, 2560);
PV_ASSERT_OFFSET(struct pv_shared_info, wc_version, 3072);
PV_ASSERT_OFFSET(struct pv_shared_info, wc_sec, 3076);
PV_ASSERT_OFFSET(struct pv_shared_info, wc_nsec, 3080);
PV_ASSERT_OFFSET(struct pv_shared_info, wc_sec_hi, 3084);
PV_ASSERT_OFFSET(struct pv_shared_info, arch, 3088);
