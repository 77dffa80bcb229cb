// SPDX-License-Identifier: MIT
// memory_op(cmd, argument): what memory a domain has. Source: Xen's public/memory.h.
#pragma once

#include <stdint.h>

#include "assert.h"
#include "domid.h"

#define PV_XENMEM_INCREASE_RESERVATION 0 // pv_memory_reservation; answers the number of extents done
#define PV_XENMEM_DECREASE_RESERVATION 1 // pv_memory_reservation
#define PV_XENMEM_MAXIMUM_RAM_PAGE 2
#define PV_XENMEM_CURRENT_RESERVATION 3 // pv_domid_t; answers pages
#define PV_XENMEM_MAXIMUM_RESERVATION 4 // pv_domid_t; answers pages
#define PV_XENMEM_MACHPHYS_MFN_LIST 5   // pv_machphys_mfn_list
#define PV_XENMEM_POPULATE_PHYSMAP 6    // pv_memory_reservation
#define PV_XENMEM_ADD_TO_PHYSMAP 7      // pv_add_to_physmap
#define PV_XENMEM_MEMORY_MAP 9          // pv_memory_map
#define PV_XENMEM_MACHINE_MEMORY_MAP 10
#define PV_XENMEM_EXCHANGE 11         // pv_memory_exchange
#define PV_XENMEM_MACHPHYS_MAPPING 12 // pv_machphys_mapping
#define PV_XENMEM_SET_MEMORY_MAP 13
#define PV_XENMEM_MAXIMUM_GPFN 14         // pv_domid_t; answers a pfn
#define PV_XENMEM_REMOVE_FROM_PHYSMAP 15 // pv_remove_from_physmap

// pv_memory_reservation.mem_flags
#define PV_XENMEMF_ADDRESS_BITS_MASK 0xff        // machine addresses shall have at most so many bits; 0: any
#define PV_XENMEMF_NODE_MASK 0xff00              // 1 + the NUMA node that is wished for; 0: any
#define PV_XENMEMF_POPULATE_ON_DEMAND (1U << 16)
#define PV_XENMEMF_EXACT_NODE_REQUEST (1U << 17) // that node or none
#define PV_XENMEMF_VNODE (1U << 18)              // the node is the guest's own number

// pv_add_to_physmap.space
#define PV_XENMAPSPACE_SHARED_INFO 0
#define PV_XENMAPSPACE_GRANT_TABLE 1
#define PV_XENMAPSPACE_GMFN 2
#define PV_XENMAPSPACE_GMFN_RANGE 3
#define PV_XENMAPSPACE_GMFN_FOREIGN 4
#define PV_XENMAPSPACE_DEV_MMIO 5

struct pv_memory_domain {
    pv_domid_t domid;
};

PV_ASSERT_SIZE(struct pv_memory_domain, 2);
PV_ASSERT_ALIGN(struct pv_memory_domain, 2);
PV_ASSERT_OFFSET(struct pv_memory_domain, domid, 0);

// Extents of 2^extent_order pages to take or give back.
struct pv_memory_reservation {
    uint64_t extent_start; // in: guest address of uint64_t[nr_extents], frame numbers
    uint64_t nr_extents;   // in
    uint32_t extent_order; // in
    uint32_t mem_flags;    // in: PV_XENMEMF_*
    pv_domid_t domid;      // in: PV_DOMID_SELF
};

PV_ASSERT_SIZE(struct pv_memory_reservation, 32);
PV_ASSERT_ALIGN(struct pv_memory_reservation, 8);
PV_ASSERT_OFFSET(struct pv_memory_reservation, extent_start, 0);
PV_ASSERT_OFFSET(struct pv_memory_reservation, nr_extents, 8);
PV_ASSERT_OFFSET(struct pv_memory_reservation, extent_order, 16);
PV_ASSERT_OFFSET(struct pv_memory_reservation, mem_flags, 20);
PV_ASSERT_OFFSET(struct pv_memory_reservation, domid, 24);

struct pv_memory_exchange {
    struct pv_memory_reservation in;
    struct pv_memory_reservation out;
    uint64_t nr_exchanged; // in: 0; out: input extents done
};

PV_ASSERT_SIZE(struct pv_memory_exchange, 72);
PV_ASSERT_ALIGN(struct pv_memory_exchange, 8);
PV_ASSERT_OFFSET(struct pv_memory_exchange, in, 0);
PV_ASSERT_OFFSET(struct pv_memory_exchange, out, 32);
PV_ASSERT_OFFSET(struct pv_memory_exchange, nr_exchanged, 64);

struct pv_machphys_mfn_list {
    uint32_t max_extents;  // in
    uint64_t extent_start; // in: guest address of uint64_t[max_extents]
    uint32_t nr_extents;   // out
};

PV_ASSERT_SIZE(struct pv_machphys_mfn_list, 24);
PV_ASSERT_ALIGN(struct pv_machphys_mfn_list, 8);
PV_ASSERT_OFFSET(struct pv_machphys_mfn_list, max_extents, 0);
PV_ASSERT_OFFSET(struct pv_machphys_mfn_list, extent_start, 8);
PV_ASSERT_OFFSET(struct pv_machphys_mfn_list, nr_extents, 16);

struct pv_machphys_mapping {
    uint64_t v_start; // out: the machine-to-physical table's range of addresses
    uint64_t v_end;   // out
    uint64_t max_mfn; // out: largest frame it covers
};

PV_ASSERT_SIZE(struct pv_machphys_mapping, 24);
PV_ASSERT_ALIGN(struct pv_machphys_mapping, 8);
PV_ASSERT_OFFSET(struct pv_machphys_mapping, v_start, 0);
PV_ASSERT_OFFSET(struct pv_machphys_mapping, v_end, 8);
PV_ASSERT_OFFSET(struct pv_machphys_mapping, max_mfn, 16);

struct pv_add_to_physmap {
    pv_domid_t domid; // in
    uint16_t size;    // in: of a range
    uint32_t space;   // in: PV_XENMAPSPACE_*
    uint64_t idx;     // in: index in that space
    uint64_t gpfn;    // in: where it shall appear
};

PV_ASSERT_SIZE(struct pv_add_to_physmap, 24);
PV_ASSERT_ALIGN(struct pv_add_to_physmap, 8);
PV_ASSERT_OFFSET(struct pv_add_to_physmap, domid, 0);
PV_ASSERT_OFFSET(struct pv_add_to_physmap, size, 2);
PV_ASSERT_OFFSET(struct pv_add_to_physmap, space, 4);
PV_ASSERT_OFFSET(struct pv_add_to_physmap, idx, 8);
PV_ASSERT_OFFSET(struct pv_add_to_physmap, gpfn, 16);

struct pv_remove_from_physmap {
    pv_domid_t domid; // in
    uint64_t gpfn;    // in
};

PV_ASSERT_SIZE(struct pv_remove_from_physmap, 16);
PV_ASSERT_ALIGN(struct pv_remove_from_physmap, 8);
PV_ASSERT_OFFSET(struct pv_remove_from_physmap, domid, 0);
PV_ASSERT_OFFSET(struct pv_remove_from_physmap, gpfn, 8);

struct pv_memory_map {
    uint32_t nr_entries; // in: room in the buffer; out: entries written
    uint64_t buffer;     // in: guest address of pv_e820_entry[nr_entries]
};

PV_ASSERT_SIZE(struct pv_memory_map, 16);
PV_ASSERT_ALIGN(struct pv_memory_map, 8);
PV_ASSERT_OFFSET(struct pv_memory_map, nr_entries, 0);
PV_ASSERT_OFFSET(struct pv_memory_map, buffer, 8);

#define PV_E820_RAM 1
#define PV_E820_RESERVED 2

// The BIOS's format, 20 bytes without padding; numbers are split in halves (low first) so that none is misaligned.
struct pv_e820_entry {
    uint32_t addr[2]; // guest-physical
    uint32_t size[2]; // bytes
    uint32_t type;    // PV_E820_*
};

PV_ASSERT_SIZE(struct pv_e820_entry, 20);
PV_ASSERT_ALIGN(struct pv_e820_entry, 4);
PV_ASSERT_OFFSET(struct pv_e820_entry, addr, 0);
PV_ASSERT_OFFSET(struct pv_e820_entry, size, 8);
PV_ASSERT_OFFSET(struct pv_e820_entry, type, 16);
