// SPDX-License-Identifier: MIT
// Reads xvda as fio does, and prints how many nanoseconds one read took on average. Command line: the number of reads, and then
// nothing for random blocks of 4 KiB, 32 at a time (rw=randread bs=4k iodepth=32), or `sequential` for blocks of 1 MiB one after
// the other, 4 at a time (rw=read bs=1M iodepth=4).
#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/time.h>

#define XVDA 51712

static const struct load {
    bool is_random;
    unsigned order; // of a block's pages
    unsigned depth;
} random_load = {true, 0, PV_BLK_DEPTH}, sequential_load = {false, 8, 4};

static const struct load *load = &random_load;
static uint64_t block_sectors;
static uint64_t random_state = 88172645463325252ULL;
static uint64_t blocks;
static uint64_t left;
static uint64_t next_block;
static struct pv_blk *disk;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void submit(struct pv_blk_request *request)
{
    if (left == 0)
        return;
    left--;
    request->sector = (load->is_random ? next_random() : next_block++) % blocks * block_sectors;
    PV_ASSERT(pv_blk_submit(disk, request) == 0);
}

static void again(struct pv_blk_request *request)
{
    PV_ASSERT(request->status == 0);
    submit(request);
}

int pv_main(const char *command_line)
{
    static struct pv_blk_request requests[PV_BLK_DEPTH];
    uint64_t count = 0;
    const char *at = command_line;
    for (; *at >= '0' && *at <= '9'; at++)
        count = count * 10 + (uint64_t)(*at - '0');
    if (at[0] == ' ' && at[1] == 's')
        load = &sequential_load;
    block_sectors = (uint64_t)(PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE) << load->order;
    if (pv_blk_open(XVDA, &disk) != 0)
        pv_panic("no disk xvda");
    blocks = pv_blk_get_info(disk)->sectors / block_sectors;
    left = count;

    const uint64_t begin = pv_time_ns();
    for (unsigned i = 0; i < load->depth; i++) {
        requests[i].operation = PV_BLKIF_OP_READ;
        requests[i].count = block_sectors;
        requests[i].buffer = pv_pages_alloc(load->order);
        requests[i].done = again;
        submit(&requests[i]);
    }
    for (unsigned i = 0; i < load->depth; i++) {
        while (requests[i].status == PV_BLK_UNDER_WAY)
            pv_blk_wait(disk, &requests[i]);
    }
    pv_printf("ns_per_read %llu\n", (unsigned long long)((pv_time_ns() - begin) / count));
    return 0;
}
