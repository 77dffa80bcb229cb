// SPDX-License-Identifier: MIT
// block-discard: what is discarded reads as zeros, what lies beside it does not change, and the host gets its place back.
//
// xvda is full of 'x' (check.py). A part in its middle is discarded, aligned to nothing. xvdb may only be read, and keeps all.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define SECTOR 512
#define FIRST 1001
#define COUNT 1500

static char *page;

static struct pv_blk *open_disk(uint32_t number)
{
    struct pv_blk *disk;
    const int result = pv_blk_open(number, &disk);
    if (result < 0)
        report_error("opening a disk", result);
    return disk;
}

static char sector_of(struct pv_blk *disk, uint64_t sector)
{
    CHECK_EQUAL(pv_blk_read(disk, sector, page, 1), 0);
    for (unsigned i = 1; i < SECTOR; i++)
        CHECK_EQUAL(page[i], page[0]);
    return page[0];
}

int pv_main(const char *command_line)
{
    (void)command_line;
    page = pv_page_alloc();
    PV_ASSERT(page);
    struct pv_blk *disk = open_disk(51712), *fixed = open_disk(51728);
    const struct pv_blk_info *info = pv_blk_get_info(disk);
    CHECK(info->can_discard);
    CHECK(info->discard_granularity >= SECTOR && info->discard_granularity % SECTOR == 0);

    const int discarded = pv_blk_discard(disk, FIRST, COUNT);
    if (discarded == -PV_EOPNOTSUPP)
        report_skip("the file system below the image cannot discard");
    CHECK_EQUAL(discarded, 0);
    CHECK_EQUAL(pv_blk_flush(disk), 0);
    for (uint64_t sector = FIRST - 1; sector <= FIRST + COUNT; sector++)
        CHECK_EQUAL(sector_of(disk, sector), sector < FIRST || sector == FIRST + COUNT ? 'x' : 0);
    memset(page, 'n', PV_PAGE_SIZE);
    CHECK_EQUAL(pv_blk_write(disk, FIRST + 100, page, 1), 0);
    CHECK_EQUAL(sector_of(disk, FIRST + 100), 'n');

    CHECK_EQUAL(pv_blk_discard(disk, 0, 0), 0);
    CHECK_EQUAL(pv_blk_discard(disk, info->sectors, 1), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_discard(disk, info->sectors - 1, 2), -PV_ERANGE);
    CHECK_EQUAL(pv_blk_discard(disk, 1, UINT64_MAX), -PV_ERANGE);
    CHECK(!pv_blk_get_info(fixed)->can_discard);
    CHECK_EQUAL(pv_blk_discard(fixed, 0, 8), -PV_EROFS);
    CHECK_EQUAL(sector_of(fixed, 0), 'y');
    CHECK_EQUAL(pv_blk_close(disk), 0);
    CHECK_EQUAL(pv_blk_close(fixed), 0);
    return report_end();
}
