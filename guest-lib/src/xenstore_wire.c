// SPDX-License-Identifier: MIT
// Messages over the xenstore ring. There is one request under way at a time; answers are matched by req_id, so that one
// meant for an earlier kernel of this domain is not taken for ours.

#include "xenstore_wire.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/memory.h>
#include <pv/panic.h>
#include <pv/start.h>
#include <pv/string.h>

#include <pvabi/errno.h>

static struct pv_xenstore_domain_interface *ring;
static pv_evtchn_port_t port;
static uint32_t last_id;

// The message being received.
static struct pv_xsd_sockmsg header;
static char payload[PV_XENSTORE_PAYLOAD_MAX + 1];

void (*pv_xs_on_event)(const char *payload, size_t size);

static bool prepare(void)
{
    if (ring)
        return true;
    const struct pv_start_info *info = pv_start_info;
    if (info->store_mfn == 0 || (info->flags & PV_SIF_INITDOMAIN))
        return false; // Xen's first domain has no store to talk to
    ring = pv_mfn_to_virt(info->store_mfn);
    port = info->store_evtchn;
    last_id = ring->req_prod; // differs from what an earlier kernel used
    return true;
}

static void send_bytes(const void *from, size_t size)
{
    const char *bytes = from;
    while (size) {
        const uint32_t prod = ring->req_prod;
        const uint32_t used = prod - PV_READ_ONCE(ring->req_cons);
        pv_mb();
        size_t room = used < PV_XENSTORE_RING_SIZE ? PV_XENSTORE_RING_SIZE - used : 0;
        if (room > size)
            room = size;
        for (size_t i = 0; i < room; i++)
            ring->req[(prod + i) & (PV_XENSTORE_RING_SIZE - 1)] = bytes[i];
        pv_wmb();
        PV_WRITE_ONCE(ring->req_prod, prod + (uint32_t)room);
        bytes += room;
        size -= room;
        if (size) { // full: let the store read
            pv_event_send(port);
            if (!room)
                pv_event_wait(port);
        }
    }
}

// Waits for the first byte until the deadline; a message that has begun is read to its end.
static bool receive_bytes(void *to, size_t size, uint64_t deadline_ns)
{
    char *bytes = to;
    while (size) {
        const uint32_t cons = ring->rsp_cons;
        size_t filled = PV_READ_ONCE(ring->rsp_prod) - cons;
        if (!filled) {
            if (!pv_event_wait_until(port, deadline_ns))
                return false;
            continue;
        }
        if (filled > PV_XENSTORE_RING_SIZE)
            pv_panic("xenstore: the ring's indices are impossible");
        pv_rmb();
        if (filled > size)
            filled = size;
        for (size_t i = 0; i < filled; i++)
            bytes[i] = ring->rsp[(cons + i) & (PV_XENSTORE_RING_SIZE - 1)];
        pv_mb();
        PV_WRITE_ONCE(ring->rsp_cons, cons + (uint32_t)filled);
        pv_event_send(port);
        bytes += filled;
        size -= filled;
        deadline_ns = 0;
    }
    return true;
}

static bool receive_message(uint64_t deadline_ns)
{
    if (!receive_bytes(&header, sizeof header, deadline_ns))
        return false;
    if (header.len > PV_XENSTORE_PAYLOAD_MAX)
        pv_panic("xenstore: a message of %u bytes", header.len);
    receive_bytes(payload, header.len, 0);
    payload[header.len] = '\0';
    if (header.type == PV_XS_WATCH_EVENT && pv_xs_on_event)
        pv_xs_on_event(payload, header.len);
    return true;
}

bool pv_xs_receive(uint64_t deadline_ns)
{
    return prepare() && receive_message(deadline_ns);
}

static int error_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        {"EINVAL", PV_EINVAL}, {"EACCES", PV_EACCES},   {"EEXIST", PV_EEXIST}, {"EISDIR", PV_EISDIR},
        {"ENOENT", PV_ENOENT}, {"ENOMEM", PV_ENOMEM},   {"ENOSPC", PV_ENOSPC}, {"EIO", PV_EIO},
        {"EROFS", PV_EROFS},   {"EBUSY", PV_EBUSY},     {"EAGAIN", PV_EAGAIN}, {"ENOTEMPTY", PV_ENOTEMPTY},
        {"ENOSYS", PV_ENOSYS}, {"EISCONN", PV_EISCONN}, {"E2BIG", PV_E2BIG},   {"EPERM", PV_EPERM},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (pv_streq(name, names[i].name))
            return -names[i].number;
    return -PV_EIO;
}

int pv_xs_request(uint32_t type, pv_xs_transaction transaction, const struct pv_xs_part *parts, unsigned count, char *reply,
               size_t size)
{
    if (!prepare())
        return -PV_ENOSYS;
    struct pv_xsd_sockmsg request = {.type = type, .req_id = ++last_id, .tx_id = transaction};
    size_t length = 0;
    for (unsigned i = 0; i < count; i++)
        length += parts[i].size;
    if (length > PV_XENSTORE_PAYLOAD_MAX)
        return -PV_E2BIG;
    request.len = (uint32_t)length;

    send_bytes(&request, sizeof request);
    for (unsigned i = 0; i < count; i++)
        send_bytes(parts[i].bytes, parts[i].size);
    pv_event_send(port);
    do
        receive_message(0);
    while (header.type == PV_XS_WATCH_EVENT || header.req_id != request.req_id);

    if (header.type == PV_XS_ERROR)
        return error_number(payload);
    if (header.type != type)
        return -PV_EIO;
    if (!reply)
        return (int)header.len;
    if (header.len >= size)
        return -PV_ENAMETOOLONG;
    memcpy(reply, payload, header.len + 1);
    return (int)header.len;
}

struct pv_xs_part pv_xs_text(const char *text)
{
    return (struct pv_xs_part){.bytes = text, .size = pv_strlen(text) + 1};
}

int pv_xs_request_path(uint32_t type, pv_xs_transaction transaction, const char *path, char *reply, size_t size)
{
    const struct pv_xs_part part = pv_xs_text(path);
    return pv_xs_request(type, transaction, &part, 1, reply, size);
}
