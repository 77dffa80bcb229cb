// SPDX-License-Identifier: MIT
// Loads xvda as fio would, and prints how many nanoseconds one request took on average. Options: count=N, and load= randread, read,
// randwrite, flush (a write and then a flush of it, one after the other) or discard (block after block).
#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/time.h>

#define XVDA 51712

static const struct load {
    const char *name;
    uint8_t operation;
    bool is_random;
    bool is_flushed;
    unsigned order; // of a block's pages
    unsigned depth;
} loads[] = {
    {"randread", PV_BLKIF_OP_READ, true, false, 0, PV_BLK_DEPTH},
    {"read", PV_BLKIF_OP_READ, false, false, 8, 4},
    {"randwrite", PV_BLKIF_OP_WRITE, true, false, 0, PV_BLK_DEPTH},
    {"flush", PV_BLKIF_OP_WRITE, true, true, 0, 1},
    {"discard", PV_BLKIF_OP_DISCARD, false, false, 0, PV_BLK_DEPTH},
};

static const struct load *load;
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

static void again(struct pv_blk_request *request);

static void prepare(struct pv_blk_request *request, void *buffer)
{
    *request = (struct pv_blk_request){
        .operation = load->operation, .count = block_sectors, .buffer = buffer, .done = again};
}

static void again(struct pv_blk_request *request)
{
    PV_ASSERT(request->status == 0);
    if (load->is_flushed && request->operation != PV_BLKIF_OP_FLUSH_DISKCACHE) {
        *request = (struct pv_blk_request){
            .operation = PV_BLKIF_OP_FLUSH_DISKCACHE, .done = again, .context = request->buffer};
        PV_ASSERT(pv_blk_submit(disk, request) == 0);
        return;
    }
    prepare(request, load->is_flushed ? request->context : request->buffer);
    submit(request);
}

static const struct load *chosen_load(void)
{
    char name[16];
    if (pv_option("load", name, sizeof name) > 0)
        for (unsigned i = 0; i < sizeof loads / sizeof loads[0]; i++)
            if (pv_streq(loads[i].name, name))
                return &loads[i];
    pv_panic("no load= that is known");
}

int pv_main(const char *command_line)
{
    static struct pv_blk_request requests[PV_BLK_DEPTH];
    (void)command_line;
    const uint64_t count = pv_option_number("count", 1);
    load = chosen_load();
    block_sectors = (uint64_t)(PV_PAGE_SIZE / PV_BLKIF_SECTOR_SIZE) << load->order;
    if (pv_blk_open(XVDA, &disk) != 0)
        pv_panic("no disk xvda");
    blocks = pv_blk_get_info(disk)->sectors / block_sectors;
    left = count;

    const uint64_t begin = pv_time_ns();
    for (unsigned i = 0; i < load->depth; i++) {
        prepare(&requests[i], load->operation == PV_BLKIF_OP_DISCARD ? NULL : pv_pages_alloc(load->order));
        submit(&requests[i]);
    }
    for (unsigned i = 0; i < load->depth; i++) {
        while (requests[i].status == PV_BLK_UNDER_WAY)
            pv_blk_wait(disk, &requests[i]);
    }
    pv_printf("ns_each %llu\n", (unsigned long long)((pv_time_ns() - begin) / count));
    return 0;
}
