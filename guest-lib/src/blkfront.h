// SPDX-License-Identifier: MIT
// Internal: a connected disk.
#pragma once

#include <pv/blkfront.h>

#include <pv/event.h>

#include "frontend.h"

// A request uses at most one page of segments, and the buffer of 1 MiB at any alignment is worth no second one.
#define BLK_MAX_PAGES 256

// A request under way and the grants it holds. Its index is the request's id on the ring.
struct blk_slot {
    struct pv_blk_request *request; // null: free
    unsigned segments;
    struct front_page page; // of an indirect request's segments; made when first needed, then kept
    pv_grant_ref_t grants[BLK_MAX_PAGES];
};

struct pv_blk {
    struct pv_blk_info info;
    struct pv_xenbus_device device;
    struct front_page ring_page;
    struct pv_blkif_sring *ring; // in it
    pv_evtchn_port_t port;
    uint32_t requests; // private req_prod
    uint32_t consumed; // responses taken
    bool broken;       // the back end did what cannot be: nothing of it is believed any more
    struct blk_slot slots[PV_BLK_DEPTH];
};

// The page of a slot's segments. 0, or -PV_ENOMEM or -PV_ENOSPC.
int pv_blk_make_segment_page(const struct pv_blk *disk, struct blk_slot *slot);

// Ends all requests under way with -PV_EIO.
void pv_blk_fail_all(struct pv_blk *disk);
