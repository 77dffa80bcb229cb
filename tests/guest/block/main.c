// SPDX-License-Identifier: MIT
// block: what is written to a disk is in the image, what is in the image is read, and nothing else.
//
// Two disks at once: xvdb's image is filled by check.py and copied to xvda shifted by one sector, which check.py compares after
// the end. In between: buffers at any alignment, sizes from one sector to many requests, ranges at and beyond the end.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define XVDA 51712
#define XVDB 51728
#define SECTOR 512
#define CHUNK_ORDER 8 // 1 MiB: many requests
#define CHUNK ((size_t)PV_PAGE_SIZE << CHUNK_ORDER)

static struct pv_blk *open_disk(uint32_t number)
{
    struct pv_blk *disk;
    const int result = pv_blk_open(number, &disk);
    if (result < 0)
        report_error("opening a disk", result);
    return disk;
}

static void check_alignments(struct pv_blk *disk, char *buffer)
{
    static const unsigned offsets[] = {0, 1, 3, 512, 513, 4095};
    static const size_t counts[] = {1, 2, 7, 8, 9, 88, 89, 200};
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        for (unsigned k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            char *at = buffer + offsets[i];
            const size_t bytes = counts[k] * SECTOR;
            memset(at, (int)(i * 16 + k + 1), bytes);
            at[bytes] = 'e';
            CHECK_EQUAL(pv_blk_write(disk, 100, at, counts[k]), 0);
            memset(at, 0, bytes);
            CHECK_EQUAL(pv_blk_read(disk, 100, at, counts[k]), 0);
            CHECK(at[0] == (char)(i * 16 + k + 1) && at[bytes - 1] == at[0]);
            CHECK_EQUAL(at[bytes], 'e');
        }
}

static void check_ranges(struct pv_blk *disk, char *buffer)
{
    const uint64_t sectors = pv_blk_get_info(disk)->sectors;
    CHECK_EQUAL(pv_blk_read(disk, sectors - 1, buffer, 1), 0);
    CHECK_EQUAL(pv_blk_read(disk, sectors, buffer, 1), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_read(disk, sectors - 1, buffer, 2), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_write(disk, sectors, buffer, 1), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_read(disk, UINT64_MAX, buffer, 1), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_write(disk, UINT64_MAX - 1, buffer, 8), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_read(disk, 0, buffer, 0), 0);
}

// Requests that the library would refuse, made by hand: the back end must refuse them itself.
static void check_back_end(struct pv_blk *disk, char *buffer)
{
    const uint64_t sectors = pv_blk_get_info(disk)->sectors;
    const uint64_t at[] = {sectors, sectors - 1, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 55};
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++)
        for (unsigned operation = PV_BLKIF_OP_READ; operation <= PV_BLKIF_OP_WRITE; operation++) {
            struct pv_blk_request request = {.operation = (uint8_t)operation, .sector = at[i], .count = 8, .buffer = buffer};
            if (pv_blk_submit(disk, &request) == 0)
                CHECK(pv_blk_wait(disk, &request) < 0);
        }
}

int pv_main(const char *command_line)
{
    (void)command_line;
    uint32_t numbers[4];
    CHECK_EQUAL(pv_blk_list(numbers, 4), 2);
    CHECK(numbers[0] == XVDA && numbers[1] == XVDB);
    struct pv_blk *nothing;
    CHECK_EQUAL(pv_blk_open(51744, &nothing), -PV_ENOENT);

    struct pv_blk *to = open_disk(XVDA), *from = open_disk(XVDB);
    CHECK_EQUAL(pv_blk_get_info(to)->sectors, 4 << 11);
    CHECK_EQUAL(pv_blk_get_info(from)->sectors, 3 << 11);
    char *buffer = pv_pages_alloc(CHUNK_ORDER);
    PV_ASSERT(buffer);
    check_alignments(to, buffer);
    check_ranges(to, buffer);
    check_back_end(to, buffer);
    for (uint64_t at = 0; at < pv_blk_get_info(from)->sectors; at += CHUNK / SECTOR) {
        CHECK_EQUAL(pv_blk_read(from, at, buffer, CHUNK / SECTOR), 0);
        CHECK_EQUAL(pv_blk_write(to, at + 1, buffer, CHUNK / SECTOR), 0);
    }
    CHECK_EQUAL(pv_blk_flush(to), 0);
    CHECK_EQUAL(pv_blk_close(to), 0);
    CHECK_EQUAL(pv_blk_close(from), 0);
    return report_end();
}
