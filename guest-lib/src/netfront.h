// SPDX-License-Identifier: MIT
// Internal: a connected network interface.
#pragma once

#include <pv/netfront.h>

#include <pv/event.h>

#include "frontend.h"

#define NET_TX PV_NETIF_TX_RING_ENTRIES
#define NET_RX PV_NETIF_RX_RING_ENTRIES

// A slot of the tx ring under way; its index is the id on the ring.
struct net_tx_slot {
    bool is_copy;
    struct pv_net_frame *frame; // null: free, or a copy
    pv_grant_ref_t grant;       // of the frame's page
    uint16_t next_free;
};

struct pv_net {
    struct pv_net_info info;
    struct pv_xenbus_device device;
    struct front_page tx_page, rx_page; // the rings
    struct pv_netif_tx_sring *tx;
    struct pv_netif_rx_sring *rx;
    pv_evtchn_port_t port;
    bool broken; // the back end did what cannot be: nothing of it is believed any more

    // Sending: private indices, ids, and pages for copies, two ids to a page, each made when first needed.
    uint32_t tx_produced, tx_consumed;
    uint16_t tx_free; // NET_TX ends the list
    struct net_tx_slot slots[NET_TX];
    struct front_page copies[NET_TX / 2];

    // Receiving: pages, granted for ever. posted[i % NET_RX] is the one posted at index i, as responses come in that order.
    uint32_t rx_produced, rx_published, rx_consumed;
    unsigned page_count;
    struct front_page pages[NET_RX];
    uint16_t posted[NET_RX];
};

// Gives all pages to the back end.
void pv_net_post_all(struct pv_net *net);

// Ends all frames under way with -PV_EIO.
void pv_net_fail_all(struct pv_net *net);
