// SPDX-License-Identifier: MIT
// The network device's two rings: tx, on which the front end gives packets away, and rx, on which it gives pages that
// packets are put into. Publishing is described in io/ring.h, the store nodes in ABI.md. Source: Xen's public/io/netif.h.
//
// A packet is an Ethernet frame without its checksum, in one slot or several that follow each other:
//
//   first (EXTRA_INFO if extras follow, MORE_DATA if more of the packet does) | extra_info ... | data | data ...
//
// tx: `size` of the first slot is that of the whole packet, of the others that of their part. Every slot is answered, in order;
//     those that held an extra_info with PV_NETIF_RSP_NULL. A page is granted (read-only is enough) before its request is
//     published and not ended before its response is consumed.
// rx: each slot is a writable page. Responses come in the order of the requests; `status` is the number of bytes put into the
//     page from `offset` on, or negative. An extra_info is in the place of a response, and that slot's page is unused.
#pragma once

#include <stdint.h>

#include "../assert.h"
#include "../grant_table.h"
#include "ring.h"

#define PV_NETIF_NR_SLOTS_MIN 18    // that every back end takes for one packet, extras not counted
#define PV_NETIF_MAX_TX_SIZE 0xffff // bytes of a packet

// pv_netif_tx_request.flags
#define PV_NETTXF_CSUM_BLANK (1U << 0)     // the TCP or UDP checksum is to be filled in; its field holds the pseudo header's sum
#define PV_NETTXF_DATA_VALIDATED (1U << 1) // the checksum need not be looked at
#define PV_NETTXF_MORE_DATA (1U << 2)
#define PV_NETTXF_EXTRA_INFO (1U << 3)

// pv_netif_rx_response.flags
#define PV_NETRXF_DATA_VALIDATED (1U << 0)
#define PV_NETRXF_CSUM_BLANK (1U << 1) // the checksum was never filled in, but the data is right
#define PV_NETRXF_MORE_DATA (1U << 2)
#define PV_NETRXF_EXTRA_INFO (1U << 3)
#define PV_NETRXF_GSO_PREFIX (1U << 4) // of old back ends

#define PV_NETIF_EXTRA_TYPE_NONE 0 // invalid
#define PV_NETIF_EXTRA_TYPE_GSO 1
#define PV_NETIF_EXTRA_TYPE_MCAST_ADD 2
#define PV_NETIF_EXTRA_TYPE_MCAST_DEL 3
#define PV_NETIF_EXTRA_TYPE_HASH 4
#define PV_NETIF_EXTRA_TYPE_MAX 5

#define PV_NETIF_EXTRA_FLAG_MORE (1U << 0) // another extra_info follows

#define PV_NETIF_GSO_TYPE_NONE 0
#define PV_NETIF_GSO_TYPE_TCPV4 1
#define PV_NETIF_GSO_TYPE_TCPV6 2

#define PV_NETIF_RSP_DROPPED (-2)
#define PV_NETIF_RSP_ERROR (-1)
#define PV_NETIF_RSP_OKAY 0
#define PV_NETIF_RSP_NULL 1 // of a slot that held an extra_info

struct pv_netif_tx_request {
    pv_grant_ref_t gref;
    uint16_t offset; // in the page
    uint16_t flags;  // PV_NETTXF_*
    uint16_t id;     // the front end's own, given back in the response
    uint16_t size;   // of the whole packet in its first slot, else of this part; offset + that is at most a page
};

PV_ASSERT_SIZE(struct pv_netif_tx_request, 12);
PV_ASSERT_ALIGN(struct pv_netif_tx_request, 4);
PV_ASSERT_OFFSET(struct pv_netif_tx_request, gref, 0);
PV_ASSERT_OFFSET(struct pv_netif_tx_request, offset, 4);
PV_ASSERT_OFFSET(struct pv_netif_tx_request, flags, 6);
PV_ASSERT_OFFSET(struct pv_netif_tx_request, id, 8);
PV_ASSERT_OFFSET(struct pv_netif_tx_request, size, 10);

// What a packet needs besides its bytes; fits in a tx request and in an rx response.
struct pv_netif_extra_info {
    uint8_t type;  // PV_NETIF_EXTRA_TYPE_*
    uint8_t flags; // PV_NETIF_EXTRA_FLAG_*
    union {
        struct {
            uint16_t size; // largest payload of a segment that the packet is to be cut into
            uint8_t type;  // PV_NETIF_GSO_TYPE_*
            uint8_t pad;
            uint16_t features; // 0
        } gso;
        struct {
            uint8_t addr[6];
        } mcast;
        struct {
            uint8_t type;
            uint8_t algorithm;
            uint8_t value[4];
        } hash;
        uint16_t pad[3];
    } u;
};

PV_ASSERT_SIZE(struct pv_netif_extra_info, 8);
PV_ASSERT_ALIGN(struct pv_netif_extra_info, 2);
PV_ASSERT_OFFSET(struct pv_netif_extra_info, type, 0);
PV_ASSERT_OFFSET(struct pv_netif_extra_info, flags, 1);
PV_ASSERT_OFFSET(struct pv_netif_extra_info, u, 2);

struct pv_netif_tx_response {
    uint16_t id;
    int16_t status; // PV_NETIF_RSP_*
};

PV_ASSERT_SIZE(struct pv_netif_tx_response, 4);
PV_ASSERT_ALIGN(struct pv_netif_tx_response, 2);
PV_ASSERT_OFFSET(struct pv_netif_tx_response, id, 0);
PV_ASSERT_OFFSET(struct pv_netif_tx_response, status, 2);

struct pv_netif_rx_request {
    uint16_t id; // given back in the response
    uint16_t pad;
    pv_grant_ref_t gref; // writable
};

PV_ASSERT_SIZE(struct pv_netif_rx_request, 8);
PV_ASSERT_ALIGN(struct pv_netif_rx_request, 4);
PV_ASSERT_OFFSET(struct pv_netif_rx_request, id, 0);
PV_ASSERT_OFFSET(struct pv_netif_rx_request, pad, 2);
PV_ASSERT_OFFSET(struct pv_netif_rx_request, gref, 4);

struct pv_netif_rx_response {
    uint16_t id;
    uint16_t offset; // in the page
    uint16_t flags;  // PV_NETRXF_*
    int16_t status;  // bytes, or PV_NETIF_RSP_*
};

PV_ASSERT_SIZE(struct pv_netif_rx_response, 8);
PV_ASSERT_ALIGN(struct pv_netif_rx_response, 2);
PV_ASSERT_OFFSET(struct pv_netif_rx_response, id, 0);
PV_ASSERT_OFFSET(struct pv_netif_rx_response, offset, 2);
PV_ASSERT_OFFSET(struct pv_netif_rx_response, flags, 4);
PV_ASSERT_OFFSET(struct pv_netif_rx_response, status, 6);

#define PV_NETIF_TX_RING_ENTRIES 256 // each in a ring of one page
#define PV_NETIF_RX_RING_ENTRIES 256

union pv_netif_tx_sring_entry {
    struct pv_netif_tx_request req;
    struct pv_netif_extra_info extra;
    struct pv_netif_tx_response rsp;
};

PV_ASSERT_SIZE(union pv_netif_tx_sring_entry, 12);
PV_ASSERT_ALIGN(union pv_netif_tx_sring_entry, 4);

union pv_netif_rx_sring_entry {
    struct pv_netif_rx_request req;
    struct pv_netif_extra_info extra;
    struct pv_netif_rx_response rsp;
};

PV_ASSERT_SIZE(union pv_netif_rx_sring_entry, 8);
PV_ASSERT_ALIGN(union pv_netif_rx_sring_entry, 4);

struct pv_netif_tx_sring {
    struct pv_ring_header header;
    union pv_netif_tx_sring_entry ring[PV_NETIF_TX_RING_ENTRIES];
};

PV_ASSERT_SIZE(struct pv_netif_tx_sring, 3136);
PV_ASSERT_ALIGN(struct pv_netif_tx_sring, 4);
PV_ASSERT_OFFSET(struct pv_netif_tx_sring, header, 0);
PV_ASSERT_OFFSET(struct pv_netif_tx_sring, ring, 64);

struct pv_netif_rx_sring {
    struct pv_ring_header header;
    union pv_netif_rx_sring_entry ring[PV_NETIF_RX_RING_ENTRIES];
};

PV_ASSERT_SIZE(struct pv_netif_rx_sring, 2112);
PV_ASSERT_ALIGN(struct pv_netif_rx_sring, 4);
PV_ASSERT_OFFSET(struct pv_netif_rx_sring, header, 0);
PV_ASSERT_OFFSET(struct pv_netif_rx_sring, ring, 64);
