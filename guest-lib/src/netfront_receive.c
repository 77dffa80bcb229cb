// SPDX-License-Identifier: MIT
// The rx ring. Steps are numbered as in pvabi/io/ring.h. The back end is another domain and not trusted: each response is copied
// once and checked, and what it says of a page must lie inside the page.

#include "netfront.h"

#include <pv/barrier.h>
#include <pv/memory.h>

#include <pvabi/errno.h>

#define POST_BATCH 16

static void publish(struct pv_net *net)
{
    struct pv_ring_header *header = &net->rx->header;
    const uint32_t old = net->rx_published;
    if (old == net->rx_produced)
        return;
    net->rx_published = net->rx_produced;
    pv_wmb(); // step 2
    PV_WRITE_ONCE(header->req_prod, net->rx_produced);
    pv_mb(); // step 3
    if (net->rx_produced - PV_READ_ONCE(header->req_event) < net->rx_produced - old) // step 4
        pv_event_send(net->port);
}

static void post(struct pv_net *net, uint16_t page)
{
    const unsigned place = net->rx_produced++ % NET_RX;
    net->posted[place] = page;
    net->rx->ring[place].req = (struct pv_netif_rx_request){.id = page, .gref = net->pages[page].grant}; // step 1
}

void pv_net_post_all(struct pv_net *net)
{
    for (unsigned i = 0; i < net->page_count; i++)
        post(net, (uint16_t)i);
    net->rx_published = net->rx_produced; // nobody listens yet
    net->rx->header.req_prod = net->rx_produced;
}

void pv_net_release(struct pv_net *net, const struct pv_net_received *frame)
{
    for (unsigned i = 0; i < frame->count; i++)
        post(net, frame->pages[i]);
    if (net->rx_produced - net->rx_published >= POST_BATCH)
        publish(net);
}

// Takes a slot that held an extra_info; its page goes back at once.
static bool take_extras(struct pv_net *net, uint32_t produced, struct pv_net_received *frame)
{
    bool more = true;
    while (more) {
        if (net->rx_consumed == produced)
            return false;
        const unsigned place = net->rx_consumed++ % NET_RX;
        const struct pv_netif_extra_info extra = net->rx->ring[place].extra;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        post(net, net->posted[place]);
        if (extra.type == PV_NETIF_EXTRA_TYPE_GSO)
            frame->segment_size = extra.u.gso.size;
        more = (extra.flags & PV_NETIF_EXTRA_FLAG_MORE) != 0;
    }
    return true;
}

enum step { FRAME_MORE, FRAME_DONE, FRAME_BROKEN };

// Takes one page of a frame, and the extras behind the first.
static enum step take_part(struct pv_net *net, uint32_t produced, struct pv_net_received *frame, bool *whole)
{
    if (net->rx_consumed == produced || frame->count == PV_NETIF_NR_SLOTS_MIN)
        return FRAME_BROKEN;
    const unsigned place = net->rx_consumed++ % NET_RX;
    const uint16_t page = net->posted[place];
    const struct pv_netif_rx_response response = net->rx->ring[place].rsp; // step 2
    __atomic_signal_fence(__ATOMIC_SEQ_CST); // the copy is what is checked
    if (response.id != page)
        return FRAME_BROKEN;
    const bool first = frame->count == 0;
    frame->pages[frame->count] = page;
    if (response.status < 0)
        *whole = false;
    else if (response.offset + (unsigned)response.status > PV_PAGE_SIZE)
        return FRAME_BROKEN;
    const uint32_t size = response.status < 0 ? 0 : (uint32_t)response.status;
    frame->parts[frame->count++] = (struct pv_net_part){(const char *)net->pages[page].page + response.offset, size};
    frame->size += size;
    if (first) {
        if (response.flags & PV_NETRXF_CSUM_BLANK)
            frame->flags |= PV_NET_CHECKSUM_BLANK;
        if (response.flags & PV_NETRXF_DATA_VALIDATED)
            frame->flags |= PV_NET_VALIDATED;
        if ((response.flags & PV_NETRXF_EXTRA_INFO) && !take_extras(net, produced, frame))
            return FRAME_BROKEN;
    }
    return response.flags & PV_NETRXF_MORE_DATA ? FRAME_MORE : FRAME_DONE;
}

// The next whole frame before `produced`; those that did not arrive whole are left out.
static bool take_frame(struct pv_net *net, uint32_t produced, struct pv_net_received *frame)
{
    while (net->rx_consumed != produced) {
        bool whole = true;
        enum step step = FRAME_MORE;
        frame->count = 0;
        frame->size = 0;
        frame->flags = 0;
        frame->segment_size = 0;
        while (step == FRAME_MORE)
            step = take_part(net, produced, frame, &whole);
        if (step == FRAME_BROKEN) {
            pv_net_fail_all(net);
            return false;
        }
        if (whole)
            return true;
        pv_net_release(net, frame);
    }
    return false;
}

bool pv_net_take(struct pv_net *net, struct pv_net_received *frame)
{
    while (!net->broken) {
        const uint32_t produced = PV_READ_ONCE(net->rx->header.rsp_prod); // step 1
        pv_rmb();
        if (produced - net->rx_consumed > net->rx_published - net->rx_consumed) {
            pv_net_fail_all(net);
            return false;
        }
        if (take_frame(net, produced, frame))
            return true;
        publish(net); // before we may sleep: what has been released meanwhile
        PV_WRITE_ONCE(net->rx->header.rsp_event, net->rx_consumed + 1); // step 3
        pv_mb();
        if (PV_READ_ONCE(net->rx->header.rsp_prod) == net->rx_consumed)
            return false;
    }
    return false;
}
