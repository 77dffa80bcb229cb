// SPDX-License-Identifier: MIT
// Does to xvda what the trace on xvdb says (../disk_trace.py), as a kernel does: all writes up to a flush at once, and the flush when
// they are done. After each flush it says on the console how many there were.
#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/string.h>

#define XVDA 51712
#define XVDB 51728
#define MAGIC 0x6563617274766470ULL
#define MOST_SECTORS ((2UL << 20) / PV_BLKIF_SECTOR_SIZE)
#define TRACE_ORDER 9 // as many bytes as MOST_SECTORS

struct record {
    uint64_t magic;
    uint64_t kind;
    uint64_t sector;
    uint64_t count;
    uint8_t rest[PV_BLKIF_SECTOR_SIZE - 32];
    uint8_t data[][PV_BLKIF_SECTOR_SIZE];
};

enum { WRITE = 1, FLUSH, MARK, END };

static struct pv_blk *disk;
static struct pv_blk_request requests[PV_BLK_DEPTH];
static unsigned next_request;

static const struct record *read_trace(void)
{
    struct pv_blk *trace;
    PV_ASSERT(pv_blk_open(XVDB, &trace) == 0);
    const uint64_t sectors = pv_blk_get_info(trace)->sectors;
    struct record *records = pv_pages_alloc(TRACE_ORDER);
    PV_ASSERT(records && sectors <= MOST_SECTORS);
    PV_ASSERT(pv_blk_read(trace, 0, records, sectors) == 0);
    PV_ASSERT(pv_blk_close(trace) == 0);
    return records;
}

static void wait_for(struct pv_blk_request *request)
{
    PV_ASSERT(!request->operation || pv_blk_wait(disk, request) == 0);
}

static void wait_for_all(void)
{
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++)
        wait_for(&requests[i]);
}

static void submit(struct pv_blk_request request)
{
    struct pv_blk_request *const at = &requests[next_request++ % PV_BLK_DEPTH];
    wait_for(at);
    *at = request;
    PV_ASSERT(pv_blk_submit(disk, at) == 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const struct record *at = read_trace();
    PV_ASSERT(pv_blk_open(XVDA, &disk) == 0);
    for (uint64_t flushes = 0; at->kind != END; at = (const struct record *)&at->data[at->count]) {
        PV_ASSERT(at->magic == MAGIC);
        if (at->kind == WRITE) {
            submit((struct pv_blk_request){
                .operation = PV_BLKIF_OP_WRITE, .sector = at->sector, .count = at->count, .buffer = (void *)at->data});
        } else if (at->kind == FLUSH) {
            wait_for_all();
            submit((struct pv_blk_request){.operation = PV_BLKIF_OP_FLUSH_DISKCACHE});
            wait_for_all();
            pv_printf("flushed %lu\n", ++flushes);
        }
    }
    wait_for_all();
    return pv_blk_close(disk);
}
