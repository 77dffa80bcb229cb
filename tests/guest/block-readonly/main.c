// SPDX-License-Identifier: MIT
// block-readonly: a disk given read-only cannot be written, not even by a front end that does not care.
//
// The library refuses by itself; so writes are also put on the ring by hand, which the back end has to refuse. check.py looks
// whether a byte of the file has changed.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

int pv_main(const char *command_line)
{
    (void)command_line;
    struct pv_blk *disk;
    const int result = pv_blk_open(51712, &disk);
    if (result < 0)
        report_error("opening the disk", result);
    CHECK(pv_blk_get_info(disk)->read_only);
    char *buffer = pv_page_alloc();
    PV_ASSERT(buffer);
    CHECK_EQUAL(pv_blk_read(disk, 0, buffer, 8), 0);
    CHECK_EQUAL(buffer[0], 'r');
    memset(buffer, 'w', PV_PAGE_SIZE);
    CHECK_EQUAL(pv_blk_write(disk, 0, buffer, 8), -PV_EROFS);
    for (unsigned i = 0; i < 100; i++) {
        struct pv_blk_request request = {.operation = PV_BLKIF_OP_WRITE, .sector = i, .count = 8, .buffer = buffer};
        if (pv_blk_submit(disk, &request) == 0)
            CHECK(pv_blk_wait(disk, &request) < 0);
        struct pv_blk_request discard = {.operation = PV_BLKIF_OP_DISCARD, .sector = i, .count = 8, .buffer = buffer};
        if (pv_blk_submit(disk, &discard) == 0)
            CHECK(pv_blk_wait(disk, &discard) < 0);
    }
    CHECK_EQUAL(pv_blk_flush(disk), 0);
    CHECK_EQUAL(pv_blk_read(disk, 0, buffer, 8), 0); // it still works
    CHECK_EQUAL(buffer[0], 'r');
    CHECK_EQUAL(pv_blk_close(disk), 0);
    return report_end();
}
