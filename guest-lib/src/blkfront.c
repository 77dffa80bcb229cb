// SPDX-License-Identifier: MIT
// Connecting to a disk and leaving it, through xenbus.

#include "blkfront.h"

#include <pv/grant.h>
#include <pv/heap.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/printf.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

#define PATIENCE_NS (30 * PV_SECOND_NS)

int pv_blk_list(uint32_t *numbers, unsigned max)
{
    return pv_xenbus_list("vbd", numbers, max);
}

const struct pv_blk_info *pv_blk_get_info(const struct pv_blk *disk)
{
    return &disk->info;
}

static int wait_backend(struct pv_blk *disk, unsigned mask)
{
    return pv_xenbus_wait_backend(&disk->device, mask, pv_time_ns() + PATIENCE_NS);
}

static int write_node(pv_xs_transaction transaction, const struct pv_blk *disk, const char *node, const char *value)
{
    char path[PV_XENBUS_PATH_SIZE + 32];
    pv_snprintf(path, sizeof path, "%s/%s", disk->device.path, node);
    return pv_xs_write(transaction, path, value);
}

// What the back end needs, all of it or nothing.
static int write_details(pv_xs_transaction transaction, void *context)
{
    const struct pv_blk *disk = context;
    char ring_ref[16], port[16];
    pv_snprintf(ring_ref, sizeof ring_ref, "%u", disk->ring_grant);
    pv_snprintf(port, sizeof port, "%u", disk->port);
    int result = write_node(transaction, disk, "ring-ref", ring_ref);
    if (result == 0)
        result = write_node(transaction, disk, "event-channel", port);
    if (result == 0)
        result = write_node(transaction, disk, "protocol", "x86_64-abi");
    return result;
}

static int make_ring(struct pv_blk *disk)
{
    disk->ring = pv_page_alloc();
    if (!disk->ring)
        return -PV_ENOMEM;
    memset(disk->ring, 0, PV_PAGE_SIZE);
    disk->ring->header.req_event = 1;
    disk->ring->header.rsp_event = 1;
    const int grant = pv_grant_access(disk->device.backend_domid, pv_virt_to_mfn(disk->ring), false);
    if (grant < 0)
        return grant;
    disk->ring_grant = (pv_grant_ref_t)grant;
    const int port = pv_event_alloc_unbound(disk->device.backend_domid);
    if (port < 0)
        return port;
    disk->port = (pv_evtchn_port_t)port;
    return 0;
}

// -PV_EINVAL if the disk has sectors that are no part of a page.
static int read_info(struct pv_blk *disk)
{
    const uint64_t bits = pv_xenbus_backend_number(&disk->device, "info", 0);
    disk->info.sectors = pv_xenbus_backend_number(&disk->device, "sectors", 0);
    disk->info.sector_size = (uint32_t)pv_xenbus_backend_number(&disk->device, "sector-size", PV_BLKIF_SECTOR_SIZE);
    disk->info.can_flush = pv_xenbus_backend_number(&disk->device, "feature-flush-cache", 0) != 0;
    disk->info.read_only = (bits & PV_VDISK_READONLY) != 0;
    disk->info.can_discard = pv_xenbus_backend_number(&disk->device, "feature-discard", 0) != 0;
    if (disk->info.can_discard)
        disk->info.discard_granularity = (uint32_t)pv_xenbus_backend_number(&disk->device, "discard-granularity", 0);
    const uint64_t indirect = pv_xenbus_backend_number(&disk->device, "feature-max-indirect-segments", 0);
    disk->info.max_pages = PV_BLKIF_MAX_SEGMENTS_PER_REQUEST;
    if (indirect > PV_BLKIF_MAX_SEGMENTS_PER_REQUEST)
        disk->info.max_pages = indirect < BLK_MAX_PAGES ? (uint32_t)indirect : BLK_MAX_PAGES;
    const uint32_t size = disk->info.sector_size;
    return size >= PV_BLKIF_SECTOR_SIZE && size <= PV_PAGE_SIZE && (size & (size - 1)) == 0 ? 0 : -PV_EINVAL;
}

// States 1, (2), 3, (4), 4; those in brackets are the other half's.
static int connect(struct pv_blk *disk)
{
    const struct pv_xenbus_device *device = &disk->device;
    if (pv_xenbus_state(device->path) != PV_XENBUS_STATE_INITIALISING)
        pv_xenbus_set_state(device, PV_XENBUS_STATE_INITIALISING); // an earlier kernel had it
    int result = wait_backend(disk, PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT));
    if (result >= 0)
        result = make_ring(disk);
    if (result >= 0)
        result = pv_xs_transact(write_details, disk);
    if (result >= 0)
        result = pv_xenbus_set_state(device, PV_XENBUS_STATE_INITIALISED);
    if (result >= 0)
        result = wait_backend(disk, PV_XENBUS_MASK(PV_XENBUS_STATE_CONNECTED) |
                                        PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSING) | PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSED));
    if (result >= 0 && result != PV_XENBUS_STATE_CONNECTED)
        result = -PV_EIO;
    if (result >= 0)
        result = read_info(disk);
    if (result < 0)
        return result;
    return pv_xenbus_set_state(device, PV_XENBUS_STATE_CONNECTED);
}

int pv_blk_make_segment_page(const struct pv_blk *disk, struct blk_slot *slot)
{
    if (slot->page)
        return 0;
    struct pv_blkif_request_segment *page = pv_page_alloc();
    if (!page)
        return -PV_ENOMEM;
    const int grant = pv_grant_access(disk->device.backend_domid, pv_virt_to_mfn(page), true);
    if (grant < 0) {
        pv_page_free(page);
        return grant;
    }
    slot->page = page;
    slot->page_grant = (pv_grant_ref_t)grant;
    return 0;
}

// A page the back end still maps stays granted, and so must not be used again.
static void release_page(void *page, pv_grant_ref_t grant)
{
    if (!grant || pv_grant_end(grant) == 0)
        pv_page_free(page);
}

// Gives back pages, grants and port.
static void release(struct pv_blk *disk)
{
    if (disk->port)
        pv_event_close(disk->port);
    release_page(disk->ring, disk->ring_grant);
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        release_page(disk->slots[i].page, disk->slots[i].page_grant);
    pv_free(disk);
}

// States 5, (5 or 6), 6, (6, or 2: ready for the next).
static int disconnect(struct pv_blk *disk)
{
    const unsigned left = PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSED) | PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT) |
                          PV_XENBUS_MASK(PV_XENBUS_STATE_UNKNOWN);
    pv_xenbus_set_state(&disk->device, PV_XENBUS_STATE_CLOSING);
    int result = wait_backend(disk, left | PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSING));
    pv_xenbus_set_state(&disk->device, PV_XENBUS_STATE_CLOSED);
    if (result >= 0)
        result = wait_backend(disk, left);
    return result < 0 ? result : 0;
}

int pv_blk_open(uint32_t number, struct pv_blk **opened)
{
    struct pv_blk *disk = pv_calloc(1, sizeof *disk);
    if (!disk)
        return -PV_ENOMEM;
    disk->info.number = number;
    int result = pv_xenbus_find("vbd", number, &disk->device);
    if (result < 0) {
        pv_free(disk);
        return result;
    }
    result = connect(disk);
    if (result < 0) { // without waiting for one who may never answer
        pv_xenbus_set_state(&disk->device, PV_XENBUS_STATE_CLOSING);
        pv_xenbus_set_state(&disk->device, PV_XENBUS_STATE_CLOSED);
        release(disk);
        return result;
    }
    *opened = disk;
    return 0;
}

static bool is_busy(const struct pv_blk *disk)
{
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        if (disk->slots[i].request)
            return true;
    return false;
}

int pv_blk_close(struct pv_blk *disk)
{
    while (is_busy(disk))
        if (pv_blk_poll(disk) == 0)
            pv_event_wait(disk->port);
    const int result = disconnect(disk);
    release(disk);
    return result;
}
