// SPDX-License-Identifier: MIT
// The header of a shared request/response ring. Entries follow it; their number is the largest power of two that fits,
// and requests and responses share the same places. Only the layout is here: each side has its own code for the ring,
// because the two trust differently. Source: Xen's public/io/ring.h.
//
// The indices run freely through all of uint32_t; index & (entries - 1) is the place. Each side also keeps private
// indices (how far it has consumed), which the other never sees. req_prod - rsp_prod is at most the number of entries.
//
// Publish requests (front end), responses alike with rsp_* (back end):
//   1. write the entries from the old req_prod on
//   2. write barrier; store the new req_prod
//   3. full barrier; read req_event
//   4. send an event if req_event lies in (old req_prod, new req_prod], i.e. if
//      (uint32_t)(new - req_event) < (uint32_t)(new - old)
// Consume requests (back end), responses alike:
//   1. read req_prod, read barrier; more than the number of entries outstanding -> the peer is broken, disconnect
//   2. copy each entry once into private memory, then check and use the copy
//   3. nothing left: store req_event = consumed + 1, full barrier, read req_prod again; something came -> go to 1
#pragma once

#include <stdint.h>

#include "../assert.h"

#define PV_RING_HEADER_SIZE 64

typedef uint32_t pv_ring_idx;

struct pv_ring_header {
    pv_ring_idx req_prod;  // written by the front end
    pv_ring_idx req_event; // written by the back end: notify me when req_prod reaches this
    pv_ring_idx rsp_prod;  // written by the back end
    pv_ring_idx rsp_event; // written by the front end: notify me when rsp_prod reaches this
    uint8_t pad[48];
};

PV_ASSERT_SIZE(struct pv_ring_header, 64);
PV_ASSERT_ALIGN(struct pv_ring_header, 4);
PV_ASSERT_OFFSET(struct pv_ring_header, req_prod, 0);
PV_ASSERT_OFFSET(struct pv_ring_header, req_event, 4);
PV_ASSERT_OFFSET(struct pv_ring_header, rsp_prod, 8);
PV_ASSERT_OFFSET(struct pv_ring_header, rsp_event, 12);
PV_ASSERT_OFFSET(struct pv_ring_header, pad, 16);
