// SPDX-License-Identifier: MIT
// ELF notes by which a kernel tells its builder how it wants to start. Source: Xen's public/elfnote.h.
//
// A note: the header below, then the owner "Xen\0" (namesz 4), then descsz bytes of content; name and content are each
// padded to 4 bytes. Content is a number of 4 or 8 bytes, or a NUL-terminated text. The builder reads PT_NOTE segments,
// or, if the file has none, SHT_NOTE sections. Virtual addresses in notes are link-time ones: the builder adds its load
// bias to ENTRY, HYPERCALL_PAGE and VIRT_BASE of an ET_DYN file, and nothing for ET_EXEC.
#pragma once

#define PV_ELFNOTE_OWNER "Xen"

#define PV_ELFNOTE_INFO 0               // text
#define PV_ELFNOTE_ENTRY 1              // address of the first instruction; without it the ELF header's
#define PV_ELFNOTE_HYPERCALL_PAGE 2     // address of the page that the builder fills with stubs
#define PV_ELFNOTE_VIRT_BASE 3          // where pfn 0 is mapped; without it 0
#define PV_ELFNOTE_PADDR_OFFSET 4       // subtracted from p_paddr to get a guest-physical address
#define PV_ELFNOTE_XEN_VERSION 5        // text, "xen-3.0"
#define PV_ELFNOTE_GUEST_OS 6           // text
#define PV_ELFNOTE_GUEST_VERSION 7      // text
#define PV_ELFNOTE_LOADER 8             // text, "generic"
#define PV_ELFNOTE_PAE_MODE 9           // text; of no meaning in 64-bit mode
#define PV_ELFNOTE_FEATURES 10          // text: names joined by '|', "!" before a required one
#define PV_ELFNOTE_BSD_SYMTAB 11        // text
#define PV_ELFNOTE_HV_START_LOW 12      // lowest address the hypervisor may use
#define PV_ELFNOTE_L1_MFN_VALID 13      // pairs of mask and value
#define PV_ELFNOTE_SUSPEND_CANCEL 14    // number
#define PV_ELFNOTE_INIT_P2M 15          // address where the p2m list is to be mapped
#define PV_ELFNOTE_MOD_START_PFN 16     // 1: the ramdisk may be left unmapped and named by its pfn
#define PV_ELFNOTE_SUPPORTED_FEATURES 17 // mask of PV_XENFEAT bits
#define PV_ELFNOTE_PHYS32_ENTRY 18      // entry for PVH; ignored
#define PV_ELFNOTE_MAX 18

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "assert.h"

struct pv_elfnote_header {
    uint32_t namesz; // bytes of the owner with its NUL
    uint32_t descsz; // bytes of content
    uint32_t type;   // PV_ELFNOTE_*
};

PV_ASSERT_SIZE(struct pv_elfnote_header, 12);
PV_ASSERT_ALIGN(struct pv_elfnote_header, 4);
PV_ASSERT_OFFSET(struct pv_elfnote_header, namesz, 0);
PV_ASSERT_OFFSET(struct pv_elfnote_header, descsz, 4);
PV_ASSERT_OFFSET(struct pv_elfnote_header, type, 8);

// A whole note with a number of 8 bytes, as a kernel would write it in C.
struct pv_elfnote_u64 {
    struct pv_elfnote_header header; // 4, 8, PV_ELFNOTE_*
    char owner[4];                   // PV_ELFNOTE_OWNER
    uint32_t desc[2];                // low half, high half: notes are aligned to 4, not 8
};

PV_ASSERT_SIZE(struct pv_elfnote_u64, 24);
PV_ASSERT_ALIGN(struct pv_elfnote_u64, 4);
PV_ASSERT_OFFSET(struct pv_elfnote_u64, header, 0);
PV_ASSERT_OFFSET(struct pv_elfnote_u64, owner, 12);
PV_ASSERT_OFFSET(struct pv_elfnote_u64, desc, 16);

#endif // __ASSEMBLER__
