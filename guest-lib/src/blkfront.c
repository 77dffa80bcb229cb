// SPDX-License-Identifier: MIT
// Connecting to a disk and leaving it, through xenbus.

#include "blkfront.h"

#include <pv/heap.h>

#include <pvabi/errno.h>

int pv_blk_list(uint32_t *numbers, unsigned max)
{
    return pv_xenbus_list("vbd", numbers, max);
}

const struct pv_blk_info *pv_blk_get_info(const struct pv_blk *disk)
{
    return &disk->info;
}

// What the back end needs, all of it or nothing.
static int write_details(pv_xs_transaction transaction, void *context)
{
    const struct pv_blk *disk = context;
    int result = pv_front_write_number(transaction, &disk->device, "ring-ref", disk->ring_page.grant);
    if (result == 0)
        result = pv_front_write_number(transaction, &disk->device, "event-channel", disk->port);
    if (result == 0)
        result = pv_front_write(transaction, &disk->device, "protocol", "x86_64-abi");
    return result;
}

static int make_ring(struct pv_blk *disk)
{
    const int result = pv_front_make_ring(&disk->device, &disk->ring_page);
    if (result < 0)
        return result;
    disk->ring = disk->ring_page.page;
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

static int connect(struct pv_blk *disk)
{
    int result = pv_front_begin(&disk->device);
    if (result >= 0)
        result = make_ring(disk);
    if (result >= 0)
        result = pv_front_connect(&disk->device, write_details, disk);
    if (result >= 0)
        result = read_info(disk);
    if (result < 0)
        return result;
    return pv_xenbus_set_state(&disk->device, PV_XENBUS_STATE_CONNECTED);
}

int pv_blk_make_segment_page(const struct pv_blk *disk, struct blk_slot *slot)
{
    return slot->page.page ? 0 : pv_front_make_page(&disk->device, true, &slot->page);
}

// Gives back pages, grants and port.
static void release(struct pv_blk *disk)
{
    if (disk->port)
        pv_event_close(disk->port);
    pv_front_free_page(&disk->ring_page);
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        pv_front_free_page(&disk->slots[i].page);
    pv_free(disk);
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
    if (result < 0) {
        pv_front_give_up(&disk->device);
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
    const int result = pv_front_disconnect(&disk->device);
    release(disk);
    return result;
}
