// SPDX-License-Identifier: MIT
// Sending and receiving that waits.

#include "netfront.h"

#include <pv/barrier.h>
#include <pv/string.h>

#include <pvabi/errno.h>

bool pv_net_wait(struct pv_net *net, uint64_t deadline_ns)
{
    const bool more = PV_READ_ONCE(net->tx->header.rsp_prod) != net->tx_consumed ||
                      PV_READ_ONCE(net->rx->header.rsp_prod) != net->rx_consumed;
    if (net->broken || more)
        return true;
    return pv_event_wait_until(net->port, deadline_ns);
}

static int wait_until_taken(struct pv_net *net, const void *data, size_t size)
{
    if (size > PV_NET_MAX_FRAME)
        return -PV_E2BIG;
    const struct pv_net_part part = {data, (uint32_t)size};
    struct pv_net_frame frame = {.parts = &part, .count = 1};
    int result;
    while ((result = pv_net_submit(net, &frame)) == -PV_EAGAIN)
        if (pv_net_poll(net) == 0)
            pv_event_wait(net->port);
    if (result < 0)
        return result;
    for (;;) {
        pv_net_poll(net);
        if (frame.status != PV_NET_UNDER_WAY)
            return frame.status;
        pv_event_wait(net->port);
    }
}

int pv_net_send(struct pv_net *net, const void *frame, size_t size)
{
    if (size > PV_NET_COPIED)
        return wait_until_taken(net, frame, size);
    int result;
    while ((result = pv_net_submit_copy(net, frame, size)) == -PV_EAGAIN)
        if (pv_net_poll(net) == 0)
            pv_event_wait(net->port);
    return result;
}

static int copy_out(const struct pv_net_received *received, char *to, size_t room)
{
    for (unsigned i = 0; i < received->count && room; i++) {
        const size_t part = received->parts[i].size < room ? received->parts[i].size : room;
        memcpy(to, received->parts[i].data, part);
        to += part;
        room -= part;
    }
    return (int)received->size;
}

int pv_net_receive(struct pv_net *net, void *frame, size_t room, uint64_t deadline_ns)
{
    struct pv_net_received received;
    bool late = false;
    for (;;) {
        if (pv_net_take(net, &received)) {
            const int size = copy_out(&received, frame, room);
            pv_net_release(net, &received);
            return size;
        }
        if (net->broken)
            return -PV_EIO;
        if (late)
            return -PV_ETIMEDOUT;
        pv_net_poll(net);
        late = !pv_event_wait_until(net->port, deadline_ns);
    }
}
