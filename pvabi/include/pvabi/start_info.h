// SPDX-License-Identifier: MIT
// start_info: the page that tells a new guest what it has. Its virtual address is in rsi at entry.
// The builder writes it once before the first instruction; from then on it is the guest's, and nobody else reads it.
// Source: Xen's public/xen.h.
#pragma once

#include <stdint.h>

#include "assert.h"

#define PV_START_INFO_MAGIC "xen-3.0-x86_64"
#define PV_MAX_GUEST_CMDLINE 1024

// pv_start_info.flags
#define PV_SIF_PRIVILEGED (1U << 0)      // never set here
#define PV_SIF_INITDOMAIN (1U << 1)      // never set here; under Xen: console holds dom0, not domU
#define PV_SIF_MULTIBOOT_MOD (1U << 2)   // mod_start is a package of modules, see pv_multiboot_mod_list
#define PV_SIF_MOD_START_PFN (1U << 3)   // mod_start is a page frame number, not a virtual address
#define PV_SIF_VIRT_P2M_4TOOLS (1U << 4) // the p2m list may be found through arch_shared_info.p2m_vaddr
#define PV_SIF_PM_MASK (0xFFU << 8)

// Where the console of an ordinary domain is.
struct pv_start_info_domU {
    uint64_t mfn;    // frame of the console ring
    uint32_t evtchn; // the guest's port for it
};

PV_ASSERT_SIZE(struct pv_start_info_domU, 16);
PV_ASSERT_ALIGN(struct pv_start_info_domU, 8);
PV_ASSERT_OFFSET(struct pv_start_info_domU, mfn, 0);
PV_ASSERT_OFFSET(struct pv_start_info_domU, evtchn, 8);

// What stands in the same place for Xen's first domain: a text-screen description inside this page.
struct pv_start_info_dom0 {
    uint32_t info_off;
    uint32_t info_size;
};

PV_ASSERT_SIZE(struct pv_start_info_dom0, 8);
PV_ASSERT_ALIGN(struct pv_start_info_dom0, 4);
PV_ASSERT_OFFSET(struct pv_start_info_dom0, info_off, 0);
PV_ASSERT_OFFSET(struct pv_start_info_dom0, info_size, 4);

struct pv_start_info {
    char magic[32];        // PV_START_INFO_MAGIC, rest zero
    uint64_t nr_pages;     // pages of RAM the domain has; special frames are not counted
    uint64_t shared_info;  // machine address of shared_info: frame number << 12, outside RAM and the p2m
    uint32_t flags;        // PV_SIF_*
    uint64_t store_mfn;    // frame of the xenstore ring
    uint32_t store_evtchn; // the guest's port for it
    union {
        struct pv_start_info_domU domU;
        struct pv_start_info_dom0 dom0;
    } console;
    uint64_t pt_base;      // virtual address of the top-level page table
    uint64_t nr_pt_frames; // page-table pages from pt_base on
    uint64_t mfn_list;     // virtual address of the p2m list: uint64_t[nr_pages], pfn -> mfn
    uint64_t mod_start;    // the ramdisk: virtual address, or pfn with PV_SIF_MOD_START_PFN; 0 when there is none
    uint64_t mod_len;      // its bytes
    char cmd_line[PV_MAX_GUEST_CMDLINE]; // NUL-terminated; the rest zero
    uint64_t first_p2m_pfn; // with INIT_P2M: first frame of the p2m list and its page tables
    uint64_t nr_p2m_frames; // ... and how many frames
};

PV_ASSERT_SIZE(struct pv_start_info, 1168);
PV_ASSERT_ALIGN(struct pv_start_info, 8);
PV_ASSERT_OFFSET(struct pv_start_info, magic, 0);
PV_ASSERT_OFFSET(struct pv_start_info, nr_pages, 32);
PV_ASSERT_OFFSET(struct pv_start_info, shared_info, 40);
PV_ASSERT_OFFSET(struct pv_start_info, flags, 48);
PV_ASSERT_OFFSET(struct pv_start_info, store_mfn, 56);
PV_ASSERT_OFFSET(struct pv_start_info, store_evtchn, 64);
PV_ASSERT_OFFSET(struct pv_start_info, console, 72);
PV_ASSERT_OFFSET(struct pv_start_info, pt_base, 88);
PV_ASSERT_OFFSET(struct pv_start_info, nr_pt_frames, 96);
PV_ASSERT_OFFSET(struct pv_start_info, mfn_list, 104);
PV_ASSERT_OFFSET(struct pv_start_info, mod_start, 112);
PV_ASSERT_OFFSET(struct pv_start_info, mod_len, 120);
PV_ASSERT_OFFSET(struct pv_start_info, cmd_line, 128);
PV_ASSERT_OFFSET(struct pv_start_info, first_p2m_pfn, 1152);
PV_ASSERT_OFFSET(struct pv_start_info, nr_p2m_frames, 1160);

// With PV_SIF_MULTIBOOT_MOD what mod_start and mod_len describe is a package of modules. It begins with an array of these, which ends
// with one whose mod_start is 0. All three addresses are offsets from the package's first byte.
struct pv_multiboot_mod_list {
    uint32_t mod_start; // first byte
    uint32_t mod_end;   // last byte: the module has mod_end - mod_start + 1
    uint32_t cmdline;   // the module's NUL-terminated command line
    uint32_t pad;       // zero
};

PV_ASSERT_SIZE(struct pv_multiboot_mod_list, 16);
PV_ASSERT_ALIGN(struct pv_multiboot_mod_list, 4);
PV_ASSERT_OFFSET(struct pv_multiboot_mod_list, mod_start, 0);
PV_ASSERT_OFFSET(struct pv_multiboot_mod_list, mod_end, 4);
PV_ASSERT_OFFSET(struct pv_multiboot_mod_list, cmdline, 8);
PV_ASSERT_OFFSET(struct pv_multiboot_mod_list, pad, 12);
