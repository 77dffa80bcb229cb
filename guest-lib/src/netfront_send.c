// SPDX-License-Identifier: MIT
// The tx ring. Steps are numbered as in pvabi/io/ring.h. The back end is another domain and not trusted: a response is copied
// once, and its id must be that of a slot under way.

#include "netfront.h"

#include <pv/barrier.h>
#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define MIN_FRAME 14

static unsigned room(const struct pv_net *net)
{
    return NET_TX - (net->tx_produced - net->tx_consumed);
}

static uint16_t take_id(struct pv_net *net)
{
    const uint16_t id = net->tx_free;
    net->tx_free = net->slots[id].next_free;
    return id;
}

static void give_id(struct pv_net *net, uint16_t id)
{
    net->slots[id] = (struct net_tx_slot){.next_free = net->tx_free};
    net->tx_free = id;
}

static bool is_under_way(const struct pv_net *net, uint16_t id)
{
    return net->slots[id].frame || net->slots[id].is_copy;
}

static void write_slot(struct pv_net *net, const struct pv_netif_tx_request *request)
{
    net->tx->ring[net->tx_produced++ % NET_TX].req = *request; // step 1
}

static void publish(struct pv_net *net)
{
    struct pv_ring_header *header = &net->tx->header;
    const uint32_t old = header->req_prod;
    pv_wmb(); // step 2
    PV_WRITE_ONCE(header->req_prod, net->tx_produced);
    pv_mb(); // step 3
    if (net->tx_produced - PV_READ_ONCE(header->req_event) < net->tx_produced - old) // step 4
        pv_event_send(net->port);
}

int pv_net_submit_copy(struct pv_net *net, const void *frame, size_t size)
{
    if (net->broken)
        return -PV_EIO;
    if (size < MIN_FRAME)
        return -PV_EINVAL;
    if (size > PV_NET_COPIED || size > net->info.max_frame)
        return -PV_E2BIG;
    if (room(net) == 0)
        return -PV_EAGAIN;
    const uint16_t id = net->tx_free;
    struct front_page *copy = &net->copies[id / 2];
    if (!copy->page && pv_front_make_page(&net->device, true, copy) < 0)
        return -PV_ENOMEM;
    take_id(net);
    net->slots[id].is_copy = true;
    const unsigned offset = id % 2 * PV_NET_COPIED;
    memcpy((char *)copy->page + offset, frame, size);
    write_slot(net, &(struct pv_netif_tx_request){
                        .gref = copy->grant, .offset = (uint16_t)offset, .id = id, .size = (uint16_t)size});
    publish(net);
    return 0;
}

// Size of the frame in bytes, and in pages that it touches; 0 slots: more than a packet may have.
static uint32_t measure(const struct pv_net_frame *frame, unsigned *slots)
{
    uint64_t size = 0, pages = 0;
    for (unsigned i = 0; i < frame->count; i++) {
        size += frame->parts[i].size;
        if (frame->parts[i].size)
            pages += ((uintptr_t)frame->parts[i].data % PV_PAGE_SIZE + frame->parts[i].size + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
    }
    *slots = pages <= PV_NETIF_NR_SLOTS_MIN && size <= PV_NET_MAX_FRAME ? (unsigned)pages : 0;
    return (uint32_t)size;
}

static int check(const struct pv_net *net, const struct pv_net_frame *frame, uint32_t size, unsigned slots)
{
    if (net->broken)
        return -PV_EIO;
    if (frame->segment_size && !net->info.can_segment)
        return -PV_EINVAL;
    if (slots == 0 && size == 0)
        return -PV_EINVAL;
    if (slots == 0 || size > net->info.max_frame)
        return -PV_E2BIG;
    if (size < MIN_FRAME)
        return -PV_EINVAL;
    if (room(net) < slots + (frame->segment_size ? 1 : 0))
        return -PV_EAGAIN;
    return pv_grants_available() < slots ? -PV_ENOSPC : 0;
}

static void write_gso(struct pv_net *net, uint16_t segment_size)
{
    const struct pv_netif_extra_info extra = {
        .type = PV_NETIF_EXTRA_TYPE_GSO, .u.gso = {.size = segment_size, .type = PV_NETIF_GSO_TYPE_TCPV4}};
    net->tx->ring[net->tx_produced++ % NET_TX].extra = extra;
}

static uint16_t flags_of(const struct pv_net_frame *frame)
{
    unsigned flags = 0;
    if (frame->flags & PV_NET_CHECKSUM_BLANK)
        flags |= PV_NETTXF_CSUM_BLANK;
    if (frame->flags & (PV_NET_CHECKSUM_BLANK | PV_NET_VALIDATED))
        flags |= PV_NETTXF_DATA_VALIDATED;
    if (frame->segment_size)
        flags |= PV_NETTXF_EXTRA_INFO;
    return (uint16_t)flags;
}

int pv_net_submit(struct pv_net *net, struct pv_net_frame *frame)
{
    unsigned slots;
    const uint32_t size = measure(frame, &slots);
    const int refused = check(net, frame, size, slots);
    if (refused)
        return refused;
    frame->status = PV_NET_UNDER_WAY;
    frame->slots = slots;
    unsigned left = slots;
    for (unsigned i = 0; i < frame->count; i++) {
        const char *at = frame->parts[i].data;
        for (uint32_t rest = frame->parts[i].size; rest;) {
            const unsigned offset = (unsigned)((uintptr_t)at % PV_PAGE_SIZE);
            const unsigned part = rest < PV_PAGE_SIZE - offset ? rest : PV_PAGE_SIZE - offset;
            const bool first = left == slots;
            const uint16_t id = take_id(net);
            net->slots[id].frame = frame;
            net->slots[id].grant = (pv_grant_ref_t)pv_grant_access(net->device.backend_domid, pv_virt_to_mfn(at), true);
            left--;
            write_slot(net, &(struct pv_netif_tx_request){
                                .gref = net->slots[id].grant,
                                .offset = (uint16_t)offset,
                                .flags = (uint16_t)((first ? flags_of(frame) : 0) | (left ? PV_NETTXF_MORE_DATA : 0)),
                                .id = id,
                                .size = (uint16_t)(first ? size : part)});
            if (first && frame->segment_size)
                write_gso(net, frame->segment_size);
            at += part;
            rest -= part;
        }
    }
    publish(net);
    return 0;
}

// One slot of a frame has been answered. Its grant may stay in use if the back end is broken; nobody else gets it then.
static void finish_slot(struct pv_net *net, uint16_t id, int status)
{
    struct pv_net_frame *frame = net->slots[id].frame;
    if (frame)
        pv_grant_end(net->slots[id].grant);
    give_id(net, id);
    if (!frame)
        return;
    if (status < 0)
        frame->status = status;
    if (--frame->slots)
        return;
    if (frame->status == PV_NET_UNDER_WAY)
        frame->status = 0;
    if (frame->done)
        frame->done(frame);
}

void pv_net_fail_all(struct pv_net *net)
{
    net->broken = true;
    for (unsigned id = 0; id < NET_TX; id++)
        if (is_under_way(net, (uint16_t)id))
            finish_slot(net, (uint16_t)id, -PV_EIO);
}

// Takes the responses up to rsp_prod; false if the back end broke the ring.
static bool take_responses(struct pv_net *net, unsigned *count)
{
    const uint32_t produced = PV_READ_ONCE(net->tx->header.rsp_prod); // step 1
    pv_rmb();
    if (produced - net->tx_consumed > net->tx_produced - net->tx_consumed)
        return false;
    while (net->tx_consumed != produced) {
        const struct pv_netif_tx_response response = net->tx->ring[net->tx_consumed % NET_TX].rsp; // step 2
        __atomic_signal_fence(__ATOMIC_SEQ_CST); // the copy is what is checked
        net->tx_consumed++;
        ++*count;
        if (response.status == PV_NETIF_RSP_NULL)
            continue;
        if (response.id >= NET_TX || !is_under_way(net, response.id))
            return false;
        finish_slot(net, response.id, response.status < 0 ? -PV_EIO : 0);
    }
    return true;
}

unsigned pv_net_poll(struct pv_net *net)
{
    unsigned count = 0;
    while (!net->broken) {
        if (!take_responses(net, &count)) {
            pv_net_fail_all(net);
            break;
        }
        // Half of what is under way may be answered before it is worth an event.
        PV_WRITE_ONCE(net->tx->header.rsp_event, net->tx_consumed + (net->tx_produced - net->tx_consumed) / 2 + 1); // step 3
        pv_mb();
        if (PV_READ_ONCE(net->tx->header.rsp_prod) == net->tx_consumed)
            break;
    }
    return count;
}
