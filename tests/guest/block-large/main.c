// SPDX-License-Identifier: MIT
// block-large: requests of every number of pages up to the most that the disk takes, at every place in the first page.
//
// Those of more than 11 pages are indirect. Each is written with numbers that tell every sector apart and read back elsewhere in
// memory; check.py compares the file. A ringful of the largest is under way at the same time.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define SECTOR 512
#define ORDER 9 // 2 MiB
#define WORDS (SECTOR / sizeof(uint64_t))

static struct pv_blk *disk;
static char *buffer, *other;

static void number_sectors(char *at, uint64_t sector, size_t count, uint64_t salt)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < WORDS; k++)
            ((uint64_t *)at)[i * WORDS + k] = (sector + i) * 1000003 + k + salt;
}

static int transfer(uint8_t operation, uint64_t sector, size_t count, char *at)
{
    struct pv_blk_request request = {.operation = operation, .sector = sector, .count = count, .buffer = at};
    const int result = pv_blk_submit(disk, &request);
    return result < 0 ? result : pv_blk_wait(disk, &request);
}

static void check_sizes(uint32_t max_pages)
{
    for (uint32_t pages = 1; pages <= max_pages; pages += pages < 14 ? 1 : 11) {
        const size_t skip = pages % 8; // sectors of the first page that are left out
        const size_t count = pages * 8 - skip;
        char *at = buffer + skip * SECTOR, *back = other + skip * SECTOR;
        number_sectors(at, pages, count, pages);
        memset(back, 0, count * SECTOR);
        back[count * SECTOR] = 'e';
        CHECK_EQUAL(transfer(PV_BLKIF_OP_WRITE, pages, count, at), 0);
        CHECK_EQUAL(transfer(PV_BLKIF_OP_READ, pages, count, back), 0);
        CHECK_EQUAL(memcmp(at, back, count * SECTOR), 0);
        CHECK_EQUAL(back[count * SECTOR], 'e');
    }
    CHECK_EQUAL(transfer(PV_BLKIF_OP_READ, 0, max_pages * 8 + 1, buffer), -PV_E2BIG);
    CHECK_EQUAL(transfer(PV_BLKIF_OP_READ, 0, max_pages * 8, buffer + SECTOR), -PV_E2BIG);
}

// As many of the largest as fit: the grants end first.
static void check_many(uint32_t max_pages)
{
    static struct pv_blk_request requests[PV_BLK_DEPTH];
    unsigned submitted = 0;
    for (; submitted < PV_BLK_DEPTH; submitted++) {
        requests[submitted] = (struct pv_blk_request){
            .operation = PV_BLKIF_OP_READ, .sector = submitted, .count = max_pages * 8, .buffer = other};
        const int result = pv_blk_submit(disk, &requests[submitted]);
        if (result < 0) {
            CHECK_EQUAL(result, -PV_EAGAIN);
            break;
        }
    }
    CHECK(submitted > 4);
    for (unsigned i = 0; i < submitted; i++)
        CHECK_EQUAL(pv_blk_wait(disk, &requests[i]), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const int result = pv_blk_open(51712, &disk);
    if (result < 0)
        report_error("opening the disk", result);
    buffer = pv_pages_alloc(ORDER);
    other = pv_pages_alloc(ORDER);
    PV_ASSERT(buffer && other);
    const uint32_t max_pages = pv_blk_get_info(disk)->max_pages;
    CHECK_EQUAL(max_pages, 256);
    check_sizes(max_pages);
    check_many(max_pages);

    const uint64_t sectors = pv_blk_get_info(disk)->sectors;
    const size_t chunk = ((size_t)PV_PAGE_SIZE << ORDER) / SECTOR;
    for (uint64_t sector = 0; sector < sectors; sector += chunk) { // for check.py
        number_sectors(buffer, sector, chunk, 0);
        CHECK_EQUAL(pv_blk_write(disk, sector, buffer, chunk), 0);
    }
    CHECK_EQUAL(pv_blk_close(disk), 0);
    return report_end();
}
