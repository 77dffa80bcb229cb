// SPDX-License-Identifier: MIT
// Grants: letting another domain use one's frames. A grant table is an array of entries, written by its owner; a grant
// reference is an index into it. grant_table_op(cmd, array, count) works on `count` structs of the command's type; each
// has its own status, and the call itself fails only if the array cannot be read or the command is unknown.
// Only version 1 of the table is offered. Source: Xen's public/grant_table.h.
//
// Publish a grant (owner):
//   1. write domid
//   2. write frame
//   3. write barrier
//   4. write flags: the type and PV_GTF_READONLY if wanted, the other bits 0. From here on the grant can be used.
// Revoke (owner):
//   1. read flags
//   2. PV_GTF_READING or PV_GTF_WRITING set: somebody still uses it; give up and try again later
//   3. compare-and-exchange flags with 0; if it was changed meanwhile, go to 1
//   4. the entry may be written again, the frame used for other things
// Change from writable to read-only (owner): compare-and-exchange flags to the same with PV_GTF_READONLY, provided that
// PV_GTF_WRITING is not set.
// Use (hypervisor, for the grantee): one atomic read-modify-write on the word of flags and domid sets READING, and
// WRITING too for a writable use, only if type and domid are right; frame is read after it. The last user to leave
// clears the bits again.
#pragma once

#include <stdint.h>

#include "assert.h"
#include "domid.h"

typedef uint32_t pv_grant_ref_t;
typedef uint32_t pv_grant_handle_t;

#define PV_GNTTABOP_MAP_GRANT_REF 0
#define PV_GNTTABOP_UNMAP_GRANT_REF 1
#define PV_GNTTABOP_SETUP_TABLE 2
#define PV_GNTTABOP_DUMP_TABLE 3
#define PV_GNTTABOP_TRANSFER 4
#define PV_GNTTABOP_COPY 5
#define PV_GNTTABOP_QUERY_SIZE 6
#define PV_GNTTABOP_UNMAP_AND_REPLACE 7
#define PV_GNTTABOP_SET_VERSION 8
#define PV_GNTTABOP_GET_STATUS_FRAMES 9
#define PV_GNTTABOP_GET_VERSION 10
#define PV_GNTTABOP_SWAP_GRANT_REF 11
#define PV_GNTTABOP_CACHE_FLUSH 12

// Status of one struct.
#define PV_GNTST_OKAY 0
#define PV_GNTST_GENERAL_ERROR (-1)
#define PV_GNTST_BAD_DOMAIN (-2)
#define PV_GNTST_BAD_GNTREF (-3)
#define PV_GNTST_BAD_HANDLE (-4)
#define PV_GNTST_BAD_VIRT_ADDR (-5)
#define PV_GNTST_BAD_DEV_ADDR (-6)
#define PV_GNTST_NO_DEVICE_SPACE (-7)
#define PV_GNTST_PERMISSION_DENIED (-8)
#define PV_GNTST_BAD_PAGE (-9)
#define PV_GNTST_BAD_COPY_ARG (-10)
#define PV_GNTST_ADDRESS_TOO_BIG (-11)
#define PV_GNTST_EAGAIN (-12)
#define PV_GNTST_NO_SPACE (-13)

// pv_grant_entry_v1.flags
#define PV_GTF_INVALID (0U << 0)
#define PV_GTF_PERMIT_ACCESS (1U << 0)
#define PV_GTF_ACCEPT_TRANSFER (2U << 0)
#define PV_GTF_TRANSITIVE (3U << 0) // version 2 only
#define PV_GTF_TYPE_MASK (3U << 0)
#define PV_GTF_READONLY (1U << 2) // set by the owner
#define PV_GTF_READING (1U << 3)  // set and cleared by the hypervisor
#define PV_GTF_WRITING (1U << 4)  // set and cleared by the hypervisor
#define PV_GTF_PWT (1U << 5)
#define PV_GTF_PCD (1U << 6)
#define PV_GTF_PAT (1U << 7)
#define PV_GTF_SUB_PAGE (1U << 8)           // version 2 only
#define PV_GTF_TRANSFER_COMMITTED (1U << 2) // of ACCEPT_TRANSFER entries
#define PV_GTF_TRANSFER_COMPLETED (1U << 3)

#define PV_GNTTAB_NR_RESERVED_ENTRIES 8 // filled by the builder, not for the guest's own grants
#define PV_GNTTAB_RESERVED_CONSOLE 0
#define PV_GNTTAB_RESERVED_XENSTORE 1
#define PV_GRANT_ENTRIES_PER_FRAME 512

struct pv_grant_entry_v1 {
    uint16_t flags;   // PV_GTF_*; written by both sides, atomically
    pv_domid_t domid; // who may use it; the owner's
    uint32_t frame;   // what; the owner's
};

PV_ASSERT_SIZE(struct pv_grant_entry_v1, 8);
PV_ASSERT_ALIGN(struct pv_grant_entry_v1, 4);
PV_ASSERT_OFFSET(struct pv_grant_entry_v1, flags, 0);
PV_ASSERT_OFFSET(struct pv_grant_entry_v1, domid, 2);
PV_ASSERT_OFFSET(struct pv_grant_entry_v1, frame, 4);

// pv_gnttab_map_grant_ref.flags
#define PV_GNTMAP_DEVICE_MAP (1U << 0)
#define PV_GNTMAP_HOST_MAP (1U << 1)
#define PV_GNTMAP_READONLY (1U << 2)
#define PV_GNTMAP_APPLICATION_MAP (1U << 3) // user mode may use it too
#define PV_GNTMAP_CONTAINS_PTE (1U << 4)    // host_addr is the machine address of a page-table entry
#define PV_GNTMAP_GUEST_AVAIL_MASK 0xFFFF0000U

// Maps a granted frame.
struct pv_gnttab_map_grant_ref {
    uint64_t host_addr;       // in: page-aligned virtual address to map it at
    uint32_t flags;           // in: PV_GNTMAP_*
    pv_grant_ref_t ref;       // in
    pv_domid_t dom;           // in: the owner
    int16_t status;           // out: PV_GNTST_*
    pv_grant_handle_t handle; // out: needed for unmapping
    uint64_t dev_bus_addr;    // out: machine address of the frame
};

PV_ASSERT_SIZE(struct pv_gnttab_map_grant_ref, 32);
PV_ASSERT_ALIGN(struct pv_gnttab_map_grant_ref, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, host_addr, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, flags, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, ref, 12);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, dom, 16);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, status, 18);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, handle, 20);
PV_ASSERT_OFFSET(struct pv_gnttab_map_grant_ref, dev_bus_addr, 24);

// Ends a mapping.
struct pv_gnttab_unmap_grant_ref {
    uint64_t host_addr;       // in: as given to map
    uint64_t dev_bus_addr;    // in: 0 if it was no device mapping
    pv_grant_handle_t handle; // in
    int16_t status;           // out
};

PV_ASSERT_SIZE(struct pv_gnttab_unmap_grant_ref, 24);
PV_ASSERT_ALIGN(struct pv_gnttab_unmap_grant_ref, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_grant_ref, host_addr, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_grant_ref, dev_bus_addr, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_grant_ref, handle, 16);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_grant_ref, status, 20);

// Makes the table at least so large and tells its frames.
struct pv_gnttab_setup_table {
    pv_domid_t dom;      // in: PV_DOMID_SELF
    uint32_t nr_frames;  // in
    int16_t status;      // out
    uint64_t frame_list; // in: guest address of uint64_t[nr_frames], which receives the frame numbers
};

PV_ASSERT_SIZE(struct pv_gnttab_setup_table, 24);
PV_ASSERT_ALIGN(struct pv_gnttab_setup_table, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_setup_table, dom, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_setup_table, nr_frames, 4);
PV_ASSERT_OFFSET(struct pv_gnttab_setup_table, status, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_setup_table, frame_list, 16);

struct pv_gnttab_dump_table {
    pv_domid_t dom; // in
    int16_t status; // out
};

PV_ASSERT_SIZE(struct pv_gnttab_dump_table, 4);
PV_ASSERT_ALIGN(struct pv_gnttab_dump_table, 2);
PV_ASSERT_OFFSET(struct pv_gnttab_dump_table, dom, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_dump_table, status, 2);

struct pv_gnttab_transfer {
    uint64_t mfn;       // in
    pv_domid_t domid;   // in
    pv_grant_ref_t ref; // in
    int16_t status;     // out
};

PV_ASSERT_SIZE(struct pv_gnttab_transfer, 24);
PV_ASSERT_ALIGN(struct pv_gnttab_transfer, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_transfer, mfn, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_transfer, domid, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_transfer, ref, 12);
PV_ASSERT_OFFSET(struct pv_gnttab_transfer, status, 16);

// pv_gnttab_copy.flags
#define PV_GNTCOPY_SOURCE_GREF (1U << 0) // source.u is a ref, else a frame
#define PV_GNTCOPY_DEST_GREF (1U << 1)

// One end of a copy.
struct pv_gnttab_copy_ptr {
    union {
        pv_grant_ref_t ref;
        uint64_t gmfn; // a frame of the caller's own: domid is then PV_DOMID_SELF
    } u;
    pv_domid_t domid;
    uint16_t offset; // in the page
};

PV_ASSERT_SIZE(struct pv_gnttab_copy_ptr, 16);
PV_ASSERT_ALIGN(struct pv_gnttab_copy_ptr, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_copy_ptr, u, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_copy_ptr, domid, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_copy_ptr, offset, 10);

// Copies bytes between two pages; neither end may cross its page's end.
struct pv_gnttab_copy {
    struct pv_gnttab_copy_ptr source; // in
    struct pv_gnttab_copy_ptr dest;   // in
    uint16_t len;                     // in
    uint16_t flags;                   // in: PV_GNTCOPY_*
    int16_t status;                   // out
};

PV_ASSERT_SIZE(struct pv_gnttab_copy, 40);
PV_ASSERT_ALIGN(struct pv_gnttab_copy, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_copy, source, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_copy, dest, 16);
PV_ASSERT_OFFSET(struct pv_gnttab_copy, len, 32);
PV_ASSERT_OFFSET(struct pv_gnttab_copy, flags, 34);
PV_ASSERT_OFFSET(struct pv_gnttab_copy, status, 36);

struct pv_gnttab_query_size {
    pv_domid_t dom;         // in: PV_DOMID_SELF
    uint32_t nr_frames;     // out: the table's size now
    uint32_t max_nr_frames; // out: and its limit
    int16_t status;         // out
};

PV_ASSERT_SIZE(struct pv_gnttab_query_size, 16);
PV_ASSERT_ALIGN(struct pv_gnttab_query_size, 4);
PV_ASSERT_OFFSET(struct pv_gnttab_query_size, dom, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_query_size, nr_frames, 4);
PV_ASSERT_OFFSET(struct pv_gnttab_query_size, max_nr_frames, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_query_size, status, 12);

struct pv_gnttab_unmap_and_replace {
    uint64_t host_addr;       // in
    uint64_t new_addr;        // in: its page-table entry is moved to host_addr
    pv_grant_handle_t handle; // in
    int16_t status;           // out
};

PV_ASSERT_SIZE(struct pv_gnttab_unmap_and_replace, 24);
PV_ASSERT_ALIGN(struct pv_gnttab_unmap_and_replace, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_and_replace, host_addr, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_and_replace, new_addr, 8);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_and_replace, handle, 16);
PV_ASSERT_OFFSET(struct pv_gnttab_unmap_and_replace, status, 20);

struct pv_gnttab_set_version {
    uint32_t version; // in: wanted; out: in force
};

PV_ASSERT_SIZE(struct pv_gnttab_set_version, 4);
PV_ASSERT_ALIGN(struct pv_gnttab_set_version, 4);
PV_ASSERT_OFFSET(struct pv_gnttab_set_version, version, 0);

struct pv_gnttab_get_version {
    pv_domid_t dom; // in
    uint16_t pad;
    uint32_t version; // out
};

PV_ASSERT_SIZE(struct pv_gnttab_get_version, 8);
PV_ASSERT_ALIGN(struct pv_gnttab_get_version, 4);
PV_ASSERT_OFFSET(struct pv_gnttab_get_version, dom, 0);
PV_ASSERT_OFFSET(struct pv_gnttab_get_version, pad, 2);
PV_ASSERT_OFFSET(struct pv_gnttab_get_version, version, 4);
