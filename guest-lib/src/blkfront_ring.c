// SPDX-License-Identifier: MIT
// Requests and responses on the ring. Steps are numbered as in pvabi/io/ring.h. The back end is another domain and not
// trusted: a response is copied once, and its id must name a request that is under way.

#include "blkfront.h"

#include <pv/barrier.h>
#include <pv/grant.h>
#include <pv/memory.h>

#include <pvabi/errno.h>

#define SECTORS_PER_PAGE (PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE)

static int check(const struct pv_blk *disk, const struct pv_blk_request *request)
{
    const struct pv_blk_info *info = &disk->info;
    if (disk->broken)
        return -PV_EIO;
    if (request->operation == PV_BLKIF_OP_FLUSH_DISKCACHE)
        return info->can_flush ? 0 : -PV_EOPNOTSUPP;
    const bool discards = request->operation == PV_BLKIF_OP_DISCARD;
    if (request->operation != PV_BLKIF_OP_READ && request->operation != PV_BLKIF_OP_WRITE && !discards)
        return -PV_EINVAL;
    if (request->operation != PV_BLKIF_OP_READ && info->read_only)
        return -PV_EROFS;
    if (discards && !info->can_discard)
        return -PV_EOPNOTSUPP;
    const uint32_t unit = info->sector_size / PV_BLKIF_SECTOR_SIZE;
    if (request->count == 0 || (request->sector | request->count) % unit != 0)
        return -PV_EINVAL;
    if (!discards && (uintptr_t)request->buffer % info->sector_size != 0)
        return -PV_EINVAL;
    if (request->sector > info->sectors || request->count > info->sectors - request->sector)
        return -PV_ERANGE;
    if (discards)
        return 0;
    const uintptr_t in_page = (uintptr_t)request->buffer % PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE;
    if (request->count > info->max_pages * SECTORS_PER_PAGE - in_page)
        return -PV_E2BIG;
    return 0;
}

// Keeps the grants that cannot be ended: the back end still has the page, and nobody else may get the reference.
static void end_grants(struct blk_slot *slot)
{
    for (unsigned i = 0; i < slot->segments; i++)
        pv_grant_end(slot->grants[i]);
    slot->segments = 0;
}

// Grants the buffer page by page and describes it in `segments`.
static int add_segments(const struct pv_blk *disk, struct blk_slot *slot, struct pv_blkif_request_segment *segments)
{
    const struct pv_blk_request *request = slot->request;
    const bool read_only = request->operation == PV_BLKIF_OP_WRITE; // the disk reads what we write
    const char *at = request->buffer;
    size_t left = request->count;
    while (left) {
        const unsigned first = (unsigned)((uintptr_t)at % PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE);
        const unsigned count = left < SECTORS_PER_PAGE - first ? (unsigned)left : SECTORS_PER_PAGE - first;
        const int grant = pv_grant_access(disk->device.backend_domid, pv_virt_to_mfn(at), read_only);
        if (grant < 0) {
            end_grants(slot);
            return -PV_EAGAIN;
        }
        slot->grants[slot->segments] = (pv_grant_ref_t)grant;
        segments[slot->segments++] = (struct pv_blkif_request_segment){
            .gref = (pv_grant_ref_t)grant, .first_sect = (uint8_t)first, .last_sect = (uint8_t)(first + count - 1)};
        at += count * PV_BLKIF_SECTOR_SIZE;
        left -= count;
    }
    return 0;
}

static unsigned pages_of(const struct pv_blk_request *request)
{
    const size_t in_page = (uintptr_t)request->buffer % PV_PAGE_SIZE;
    return (unsigned)((in_page + request->count * PV_BLKIF_SECTOR_SIZE + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE);
}

// More pages than an entry has room for: the entry names a page that describes them.
static int write_indirect(struct pv_blk *disk, struct blk_slot *slot, union pv_blkif_sring_entry *wire)
{
    if (pv_blk_make_segment_page(disk, slot) < 0) {
        disk->info.max_pages = PV_BLKIF_MAX_SEGMENTS_PER_REQUEST;
        return -PV_ENOMEM;
    }
    const int result = add_segments(disk, slot, slot->page.page);
    wire->indirect = (struct pv_blkif_request_indirect){
        .operation = PV_BLKIF_OP_INDIRECT,
        .indirect_op = slot->request->operation,
        .nr_segments = (uint16_t)slot->segments,
        .sector_number = slot->request->sector,
        .handle = (uint16_t)disk->info.number,
        .indirect_grefs = {slot->page.grant},
    };
    return result;
}

static int write_transfer(struct pv_blk *disk, struct blk_slot *slot, union pv_blkif_sring_entry *wire)
{
    if (pages_of(slot->request) > PV_BLKIF_MAX_SEGMENTS_PER_REQUEST)
        return write_indirect(disk, slot, wire);
    const int result = add_segments(disk, slot, wire->req.seg);
    wire->req.nr_segments = (uint8_t)slot->segments;
    return result;
}

// Fills in the entry, but for its id, and grants what it names.
static int write_entry(struct pv_blk *disk, struct blk_slot *slot, union pv_blkif_sring_entry *wire)
{
    const struct pv_blk_request *request = slot->request;
    wire->req = (struct pv_blkif_request){.operation = request->operation, .handle = (uint16_t)disk->info.number};
    switch (request->operation) {
    case PV_BLKIF_OP_FLUSH_DISKCACHE: return 0;
    case PV_BLKIF_OP_DISCARD:
        wire->discard.sector_number = request->sector;
        wire->discard.nr_sectors = request->count;
        return 0;
    default:
        wire->req.sector_number = request->sector;
        return write_transfer(disk, slot, wire);
    }
}

static struct blk_slot *free_slot(struct pv_blk *disk)
{
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        if (!disk->slots[i].request)
            return &disk->slots[i];
    return NULL;
}

static void publish(struct pv_blk *disk)
{
    struct pv_ring_header *header = &disk->ring->header;
    const uint32_t old = header->req_prod;
    pv_wmb(); // step 2
    PV_WRITE_ONCE(header->req_prod, disk->requests);
    pv_mb(); // step 3
    if (disk->requests - PV_READ_ONCE(header->req_event) < disk->requests - old) // step 4
        pv_event_send(disk->port);
}

int pv_blk_submit(struct pv_blk *disk, struct pv_blk_request *request)
{
    const int refused = check(disk, request);
    if (refused)
        return refused;
    struct blk_slot *slot = free_slot(disk);
    if (!slot)
        return -PV_EAGAIN;

    union pv_blkif_sring_entry wire;
    slot->request = request;
    slot->segments = 0;
    const int result = write_entry(disk, slot, &wire);
    if (result < 0) {
        slot->request = NULL;
        return result;
    }
    wire.req.id = (uint64_t)(slot - disk->slots); // at the same place in all entries
    request->status = PV_BLK_UNDER_WAY;
    disk->ring->ring[disk->requests % PV_BLKIF_RING_ENTRIES] = wire; // step 1
    disk->requests++;
    publish(disk);
    return 0;
}

static void finish(struct blk_slot *slot, int status)
{
    struct pv_blk_request *request = slot->request;
    end_grants(slot);
    slot->request = NULL;
    request->status = status;
    if (request->done)
        request->done(request);
}

void pv_blk_fail_all(struct pv_blk *disk)
{
    disk->broken = true;
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        if (disk->slots[i].request)
            finish(&disk->slots[i], -PV_EIO);
}

static int status_of(const struct pv_blkif_response *response)
{
    switch (response->status) {
    case PV_BLKIF_RSP_OKAY: return 0;
    case PV_BLKIF_RSP_EOPNOTSUPP: return -PV_EOPNOTSUPP;
    default: return -PV_EIO;
    }
}

// Takes the responses up to rsp_prod; false if the back end broke the ring.
static bool take_responses(struct pv_blk *disk, unsigned *count)
{
    const uint32_t produced = PV_READ_ONCE(disk->ring->header.rsp_prod); // step 1
    pv_rmb();
    if (produced - disk->consumed > disk->requests - disk->consumed)
        return false;
    while (disk->consumed != produced) {
        struct pv_blkif_response response = disk->ring->ring[disk->consumed % PV_BLKIF_RING_ENTRIES].rsp; // step 2
        __atomic_signal_fence(__ATOMIC_SEQ_CST); // the copy is what is checked
        if (response.id >= PV_BLK_DEPTH || !disk->slots[response.id].request)
            return false;
        disk->consumed++;
        ++*count;
        finish(&disk->slots[response.id], status_of(&response));
    }
    return true;
}

unsigned pv_blk_poll(struct pv_blk *disk)
{
    unsigned count = 0;
    while (!disk->broken) {
        if (!take_responses(disk, &count)) {
            pv_blk_fail_all(disk);
            break;
        }
        PV_WRITE_ONCE(disk->ring->header.rsp_event, disk->consumed + 1); // step 3
        pv_mb();
        if (PV_READ_ONCE(disk->ring->header.rsp_prod) == disk->consumed)
            break;
    }
    return count;
}

int pv_blk_wait(struct pv_blk *disk, struct pv_blk_request *request)
{
    for (;;) {
        pv_blk_poll(disk);
        if (request->status != PV_BLK_UNDER_WAY)
            return request->status;
        pv_event_wait(disk->port);
    }
}
