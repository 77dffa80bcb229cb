// SPDX-License-Identifier: MIT
// The block device's ring: requests and responses. The front end writes requests and grants the data pages, the back end
// answers each with one response bearing the same id, in any order. Publishing is described in io/ring.h, the store
// nodes in ABI.md. Sectors are 512 bytes here whatever the device's own sector size. Source: Xen's public/io/blkif.h.
//
// A data page is granted before its request is published, and not ended before its response is consumed.
#pragma once

#include <stdint.h>

#include "../assert.h"
#include "../grant_table.h"
#include "ring.h"

#define PV_BLKIF_OP_READ 0
#define PV_BLKIF_OP_WRITE 1
#define PV_BLKIF_OP_WRITE_BARRIER 2   // only if the back end's feature-barrier is 1
#define PV_BLKIF_OP_FLUSH_DISKCACHE 3 // only if feature-flush-cache is 1
#define PV_BLKIF_OP_RESERVED_1 4
#define PV_BLKIF_OP_DISCARD 5  // only if feature-discard is 1
#define PV_BLKIF_OP_INDIRECT 6 // only if feature-max-indirect-segments is not 0

#define PV_BLKIF_RSP_OKAY 0
#define PV_BLKIF_RSP_ERROR (-1)
#define PV_BLKIF_RSP_EOPNOTSUPP (-2)

#define PV_BLKIF_SECTOR_SIZE 512
#define PV_BLKIF_MAX_SEGMENTS_PER_REQUEST 11
#define PV_BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8
#define PV_BLKIF_SEGMENTS_PER_INDIRECT_PAGE 512
#define PV_BLKIF_DISCARD_SECURE (1 << 0) // pv_blkif_request_discard.flag

// Bits of the back end's `info` node.
#define PV_VDISK_CDROM 0x1
#define PV_VDISK_REMOVABLE 0x2
#define PV_VDISK_READONLY 0x4

// Part of a page: sectors first_sect to last_sect inclusive, 0 to 7. Also the content of an indirect page.
struct pv_blkif_request_segment {
    pv_grant_ref_t gref;
    uint8_t first_sect;
    uint8_t last_sect;
    uint8_t pad[2];
};

PV_ASSERT_SIZE(struct pv_blkif_request_segment, 8);
PV_ASSERT_ALIGN(struct pv_blkif_request_segment, 4);
PV_ASSERT_OFFSET(struct pv_blkif_request_segment, gref, 0);
PV_ASSERT_OFFSET(struct pv_blkif_request_segment, first_sect, 4);
PV_ASSERT_OFFSET(struct pv_blkif_request_segment, last_sect, 5);
PV_ASSERT_OFFSET(struct pv_blkif_request_segment, pad, 6);

// READ, WRITE, WRITE_BARRIER, FLUSH_DISKCACHE (the last may have no segments).
struct pv_blkif_request {
    uint8_t operation;
    uint8_t nr_segments; // at most PV_BLKIF_MAX_SEGMENTS_PER_REQUEST
    uint16_t handle;     // the device's number, low 16 bits
    uint64_t id;         // the front end's own, given back in the response
    uint64_t sector_number;
    struct pv_blkif_request_segment seg[PV_BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

PV_ASSERT_SIZE(struct pv_blkif_request, 112);
PV_ASSERT_ALIGN(struct pv_blkif_request, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request, operation, 0);
PV_ASSERT_OFFSET(struct pv_blkif_request, nr_segments, 1);
PV_ASSERT_OFFSET(struct pv_blkif_request, handle, 2);
PV_ASSERT_OFFSET(struct pv_blkif_request, id, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request, sector_number, 16);
PV_ASSERT_OFFSET(struct pv_blkif_request, seg, 24);

// DISCARD: nr_sectors from sector_number on need not be kept.
struct pv_blkif_request_discard {
    uint8_t operation;
    uint8_t flag; // 0 or PV_BLKIF_DISCARD_SECURE
    uint16_t handle;
    uint64_t id;
    uint64_t sector_number;
    uint64_t nr_sectors;
};

PV_ASSERT_SIZE(struct pv_blkif_request_discard, 32);
PV_ASSERT_ALIGN(struct pv_blkif_request_discard, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, operation, 0);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, flag, 1);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, handle, 2);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, id, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, sector_number, 16);
PV_ASSERT_OFFSET(struct pv_blkif_request_discard, nr_sectors, 24);

// INDIRECT: a READ or WRITE whose segments are in granted pages of PV_BLKIF_SEGMENTS_PER_INDIRECT_PAGE each.
struct pv_blkif_request_indirect {
    uint8_t operation;    // PV_BLKIF_OP_INDIRECT
    uint8_t indirect_op;  // PV_BLKIF_OP_READ or PV_BLKIF_OP_WRITE
    uint16_t nr_segments; // at most the back end's feature-max-indirect-segments
    uint64_t id;
    uint64_t sector_number;
    uint16_t handle;
    uint16_t pad;
    pv_grant_ref_t indirect_grefs[PV_BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};

PV_ASSERT_SIZE(struct pv_blkif_request_indirect, 64);
PV_ASSERT_ALIGN(struct pv_blkif_request_indirect, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, operation, 0);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, indirect_op, 1);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, nr_segments, 2);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, id, 8);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, sector_number, 16);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, handle, 24);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, pad, 26);
PV_ASSERT_OFFSET(struct pv_blkif_request_indirect, indirect_grefs, 28);

struct pv_blkif_response {
    uint64_t id;       // of the request
    uint8_t operation; // of the request
    int16_t status;    // PV_BLKIF_RSP_*
};

PV_ASSERT_SIZE(struct pv_blkif_response, 16);
PV_ASSERT_ALIGN(struct pv_blkif_response, 8);
PV_ASSERT_OFFSET(struct pv_blkif_response, id, 0);
PV_ASSERT_OFFSET(struct pv_blkif_response, operation, 8);
PV_ASSERT_OFFSET(struct pv_blkif_response, status, 10);

#define PV_BLKIF_RING_ENTRY_SIZE 112
#define PV_BLKIF_RING_ENTRIES 32 // in a ring of one page

union pv_blkif_sring_entry {
    struct pv_blkif_request req;
    struct pv_blkif_request_discard discard;
    struct pv_blkif_request_indirect indirect;
    struct pv_blkif_response rsp;
};

PV_ASSERT_SIZE(union pv_blkif_sring_entry, 112);
PV_ASSERT_ALIGN(union pv_blkif_sring_entry, 8);

// A ring of one page; larger rings have the same header and more entries.
struct pv_blkif_sring {
    struct pv_ring_header header;
    union pv_blkif_sring_entry ring[PV_BLKIF_RING_ENTRIES];
};

PV_ASSERT_SIZE(struct pv_blkif_sring, 3648);
PV_ASSERT_ALIGN(struct pv_blkif_sring, 8);
PV_ASSERT_OFFSET(struct pv_blkif_sring, header, 0);
PV_ASSERT_OFFSET(struct pv_blkif_sring, ring, 64);
