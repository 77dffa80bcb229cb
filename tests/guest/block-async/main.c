// SPDX-License-Identifier: MIT
// block-async: as many requests under way as the ring holds, answered in any order, each by its own answer.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/pages.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define ROUNDS 20
#define PAGES_ORDER 5 // one page for each request
#define SECTORS_PER_PAGE 8

static struct pv_blk_request requests[PV_BLK_DEPTH + 1];
static unsigned done;

static void count(struct pv_blk_request *request)
{
    done++;
    CHECK_EQUAL(request->status, 0);
    CHECK(request->context == (void *)request->buffer);
}

static void submit_all(struct pv_blk *disk, unsigned operation, char *pages, unsigned round)
{
    done = 0;
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++) {
        char *page = pages + i * PV_PAGE_SIZE;
        memset(page, operation == PV_BLKIF_OP_WRITE ? (int)(round + i) : 0, PV_PAGE_SIZE);
        requests[i] = (struct pv_blk_request){.operation = (uint8_t)operation,
                                              .sector = (uint64_t)(i * 7 % PV_BLK_DEPTH) * SECTORS_PER_PAGE,
                                              .count = SECTORS_PER_PAGE,
                                              .buffer = page,
                                              .done = count,
                                              .context = page};
        CHECK_EQUAL(pv_blk_submit(disk, &requests[i]), 0);
    }
    requests[PV_BLK_DEPTH] = requests[0];
    CHECK_EQUAL(pv_blk_submit(disk, &requests[PV_BLK_DEPTH]), -PV_EAGAIN); // full
    for (unsigned i = PV_BLK_DEPTH; i-- > 0;)
        CHECK_EQUAL(pv_blk_wait(disk, &requests[i]), 0);
    CHECK_EQUAL(done, PV_BLK_DEPTH);
    CHECK_EQUAL(pv_blk_poll(disk), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    struct pv_blk *disk;
    const int result = pv_blk_open(51712, &disk);
    if (result < 0)
        report_error("opening the disk", result);
    char *pages = pv_pages_alloc(PAGES_ORDER);
    PV_ASSERT(pages);
    for (unsigned round = 0; round < ROUNDS; round++) {
        submit_all(disk, PV_BLKIF_OP_WRITE, pages, round);
        struct pv_blk_request flush = {.operation = PV_BLKIF_OP_FLUSH_DISKCACHE};
        CHECK_EQUAL(pv_blk_submit(disk, &flush), 0);
        CHECK_EQUAL(pv_blk_wait(disk, &flush), 0);
        submit_all(disk, PV_BLKIF_OP_READ, pages, round);
        for (unsigned i = 0; i < PV_BLK_DEPTH; i++) {
            const char *page = pages + i * PV_PAGE_SIZE;
            CHECK(page[0] == (char)(round + i) && page[PV_PAGE_SIZE - 1] == (char)(round + i));
        }
    }

    // Closing waits for what is under way.
    done = 0;
    struct pv_blk_request last = {.operation = PV_BLKIF_OP_READ, .count = 8, .buffer = pages, .done = count, .context = pages};
    CHECK_EQUAL(pv_blk_submit(disk, &last), 0);
    CHECK_EQUAL(pv_blk_close(disk), 0);
    CHECK_EQUAL(last.status, 0);
    CHECK_EQUAL(done, 1);
    return report_end();
}
