// SPDX-License-Identifier: MIT
// Transfers of any length that wait: cut into requests, many of them under way at the same time.

#include "blkfront.h"

#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define BATCH 16
#define BOUNCE_ORDER 3

static size_t largest_request(const struct pv_blk *disk, const char *buffer, size_t count)
{
    const size_t in_page = (uintptr_t)buffer % PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE;
    const size_t most = disk->info.max_pages * (PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE) - in_page;
    return count < most ? count : most;
}

static int wait_for_one(struct pv_blk *disk, struct pv_blk_request *batch, unsigned submitted)
{
    for (unsigned i = 0; i < submitted; i++)
        if (batch[i].status == PV_BLK_UNDER_WAY)
            return pv_blk_wait(disk, &batch[i]);
    return -PV_EAGAIN; // nothing of ours is under way: the shortage is somebody else's
}

// Up to BATCH requests at once; returns how many sectors were moved, or a negated PV_E*.
static int64_t transfer_batch(struct pv_blk *disk, uint8_t operation, uint64_t sector, char *buffer, size_t count)
{
    struct pv_blk_request batch[BATCH];
    unsigned submitted = 0;
    size_t moved = 0;
    int result = 0;
    while (submitted < BATCH && moved < count && result == 0) {
        const size_t part = largest_request(disk, buffer, count - moved);
        batch[submitted] = (struct pv_blk_request){
            .operation = operation, .sector = sector + moved, .count = part, .buffer = buffer};
        result = pv_blk_submit(disk, &batch[submitted]);
        if (result == -PV_EAGAIN && submitted > 0) {
            result = wait_for_one(disk, batch, submitted);
            continue;
        }
        if (result == -PV_ENOMEM && part > largest_request(disk, buffer, count - moved)) {
            result = 0; // max_pages is smaller now
            continue;
        }
        if (result == 0) {
            submitted++;
            moved += part;
            buffer += part * PV_BLKIF_SECTOR_SIZE;
        }
    }
    for (unsigned i = 0; i < submitted; i++) { // all of them: the requests live on this stack
        const int status = pv_blk_wait(disk, &batch[i]);
        if (status < 0 && result == 0)
            result = status;
    }
    return result < 0 ? result : (int64_t)moved;
}

static int transfer_aligned(struct pv_blk *disk, uint8_t operation, uint64_t sector, char *buffer, size_t count)
{
    while (count) {
        const int64_t moved = transfer_batch(disk, operation, sector, buffer, count);
        if (moved < 0)
            return (int)moved;
        sector += (uint64_t)moved;
        buffer += (size_t)moved * PV_BLKIF_SECTOR_SIZE;
        count -= (size_t)moved;
    }
    return 0;
}

// One part by way of pages of our own, in whole sectors of the disk's: `skip` sectors before ours come along, and some behind.
static int transfer_part(struct pv_blk *disk, uint8_t operation, uint64_t sector, char *buffer, size_t count, char *bounce)
{
    const size_t unit = disk->info.sector_size / PV_BLKIF_SECTOR_SIZE;
    const size_t skip = sector % unit;
    const size_t whole = (skip + count + unit - 1) / unit * unit;
    char *ours = bounce + skip * PV_BLKIF_SECTOR_SIZE;
    int result = 0;
    if (operation == PV_BLKIF_OP_READ || whole != count)
        result = transfer_aligned(disk, PV_BLKIF_OP_READ, sector - skip, bounce, whole);
    if (result < 0)
        return result;
    if (operation == PV_BLKIF_OP_READ) {
        memcpy(buffer, ours, count * PV_BLKIF_SECTOR_SIZE);
        return 0;
    }
    memcpy(ours, buffer, count * PV_BLKIF_SECTOR_SIZE);
    return transfer_aligned(disk, operation, sector - skip, bounce, whole);
}

static int transfer_bounced(struct pv_blk *disk, uint8_t operation, uint64_t sector, char *buffer, size_t count)
{
    const size_t unit = disk->info.sector_size / PV_BLKIF_SECTOR_SIZE;
    const size_t room = ((size_t)PV_PAGE_SIZE << BOUNCE_ORDER) / PV_BLKIF_SECTOR_SIZE;
    char *bounce = pv_pages_alloc(BOUNCE_ORDER);
    if (!bounce)
        return -PV_ENOMEM;
    int result = 0;
    while (count && result == 0) {
        const size_t most = room - sector % unit;
        const size_t part = count < most ? count : most;
        result = transfer_part(disk, operation, sector, buffer, part, bounce);
        sector += part;
        buffer += part * PV_BLKIF_SECTOR_SIZE;
        count -= part;
    }
    pv_pages_free(bounce, BOUNCE_ORDER);
    return result;
}

static int transfer(struct pv_blk *disk, uint8_t operation, uint64_t sector, char *buffer, size_t count)
{
    if (sector > disk->info.sectors || count > disk->info.sectors - sector)
        return -PV_ERANGE;
    if (operation == PV_BLKIF_OP_WRITE && disk->info.read_only)
        return count ? -PV_EROFS : 0;
    const size_t unit = disk->info.sector_size / PV_BLKIF_SECTOR_SIZE;
    if ((uintptr_t)buffer % disk->info.sector_size == 0 && (sector | count) % unit == 0)
        return transfer_aligned(disk, operation, sector, buffer, count);
    return transfer_bounced(disk, operation, sector, buffer, count);
}

int pv_blk_read(struct pv_blk *disk, uint64_t sector, void *buffer, size_t count)
{
    return transfer(disk, PV_BLKIF_OP_READ, sector, buffer, count);
}

int pv_blk_write(struct pv_blk *disk, uint64_t sector, const void *buffer, size_t count)
{
    return transfer(disk, PV_BLKIF_OP_WRITE, sector, (char *)(uintptr_t)buffer, count);
}

// For requests without data.
static int submit_and_wait(struct pv_blk *disk, struct pv_blk_request *request)
{
    int result;
    while ((result = pv_blk_submit(disk, request)) == -PV_EAGAIN)
        if (pv_blk_poll(disk) == 0)
            pv_event_wait(disk->port);
    return result < 0 ? result : pv_blk_wait(disk, request);
}

int pv_blk_flush(struct pv_blk *disk)
{
    if (!disk->info.can_flush)
        return disk->broken ? -PV_EIO : 0;
    struct pv_blk_request request = {.operation = PV_BLKIF_OP_FLUSH_DISKCACHE};
    return submit_and_wait(disk, &request);
}

int pv_blk_discard(struct pv_blk *disk, uint64_t sector, uint64_t count)
{
    if (count == 0)
        return 0;
    struct pv_blk_request request = {.operation = PV_BLKIF_OP_DISCARD, .sector = sector, .count = count};
    return submit_and_wait(disk, &request);
}
