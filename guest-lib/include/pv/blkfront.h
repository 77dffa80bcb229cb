// SPDX-License-Identifier: MIT
// Disks: the front half of the block protocol. Sectors are always 512 bytes, whatever the disk's own sector size is; where
// that is larger, what is no whole number of those costs a copy and, to be written, a read before.
//
// A disk is used from one place at a time, not from handlers. A back end that breaks the protocol has its disk switched
// off: everything under way and later answers -PV_EIO.
//
// Example:
//     int read_boot_sector(void *sector)
//     {
//         struct pv_blk *disk;
//         int result = pv_blk_open(51712, &disk); // xvda
//         if (result == 0) {
//             result = pv_blk_read(disk, 0, sector, 1);
//             pv_blk_close(disk);
//         }
//         return result;
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvabi/io/blkif.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_blk;

struct pv_blk_info {
    uint32_t number;      // as in device/vbd: 51712 is xvda
    uint64_t sectors;     // size in units of 512 bytes
    uint32_t sector_size; // of the disk itself, 512 to 4096
    bool read_only;
    bool can_flush;
    bool can_discard;
    uint32_t discard_granularity; // bytes that the host gives back at a time; 0 if it cannot discard
    uint32_t max_pages;           // that the buffer of one request may touch; 11, or more where the disk offers it
};

// The numbers of the domain's disks in rising order; returns how many there are, at most max.
int pv_blk_list(uint32_t *numbers, unsigned max);

// Connects to a disk. -PV_ENOENT if there is none of that number, -PV_ETIMEDOUT if the other half does not answer.
int pv_blk_open(uint32_t number, struct pv_blk **disk);

const struct pv_blk_info *pv_blk_get_info(const struct pv_blk *disk);

// Reads or writes `count` sectors and waits for it, in as many requests as it takes. Buffers may be anywhere in the
// guest's memory; those aligned to info.sector_size are not copied. -PV_EIO if the disk fails, -PV_ERANGE beyond its end,
// -PV_EROFS when writing to a read-only one.
int pv_blk_read(struct pv_blk *disk, uint64_t sector, void *buffer, size_t count);
int pv_blk_write(struct pv_blk *disk, uint64_t sector, const void *buffer, size_t count);

// Waits until everything written is on the disk. 0 without doing anything if the disk has no cache to flush.
int pv_blk_flush(struct pv_blk *disk);

// Tells the disk that these sectors' content is not needed any more, and waits for it. They may read as zeros from now on, or as
// before. -PV_EOPNOTSUPP if the disk cannot, which may show only when it is asked to.
int pv_blk_discard(struct pv_blk *disk, uint64_t sector, uint64_t count);

// Waits for what is under way, disconnects, and frees the disk. The next kernel of this domain finds it as new.
int pv_blk_close(struct pv_blk *disk);

// Several requests at once ----------------------------------------------------------------------------------------

#define PV_BLK_DEPTH PV_BLKIF_RING_ENTRIES // requests under way at the same time
#define PV_BLK_UNDER_WAY 1                 // pv_blk_request.status of a request that is not done yet

struct pv_blk_request {
    uint8_t operation; // PV_BLKIF_OP_READ, WRITE, DISCARD (without a buffer) or FLUSH_DISKCACHE (without sectors, too)
    uint64_t sector;
    size_t count; // sectors; the buffer may touch pv_blk_info.max_pages pages
    void *buffer; // aligned to info.sector_size, as are sector and count
    void (*done)(struct pv_blk_request *request); // may be null; called by poll, wait and close; may submit again
    void *context;                                // the caller's own
    int status; // PV_BLK_UNDER_WAY, then 0 or a negated PV_E*
};

// Hands a request, which must stay where it is until it is done, to the disk. -PV_EAGAIN: PV_BLK_DEPTH are under way or
// the domain has no grants left; -PV_E2BIG: too many pages; -PV_ENOMEM: no page left to describe more than 11 pages, as
// max_pages says from then on; -PV_EINVAL: alignment.
int pv_blk_submit(struct pv_blk *disk, struct pv_blk_request *request);

// Finishes what the disk has answered, without waiting. Returns how many requests that were.
unsigned pv_blk_poll(struct pv_blk *disk);

// Waits until this request is done; returns its status.
int pv_blk_wait(struct pv_blk *disk, struct pv_blk_request *request);

#ifdef __cplusplus
}
#endif
