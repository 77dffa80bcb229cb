// SPDX-License-Identifier: MIT
// Reads random 4 KiB blocks of xvda, 32 at a time, as fio does with rw=randread bs=4k iodepth=32, and prints how many
// nanoseconds one took on average. Command line: the number of reads.
#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/time.h>

#define XVDA 51712
#define BLOCK_SECTORS 8

static uint64_t random_state = 88172645463325252ULL;
static uint64_t blocks;
static uint64_t left;
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
    request->sector = next_random() % blocks * BLOCK_SECTORS;
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
    for (const char *digit = command_line; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    if (pv_blk_open(XVDA, &disk) != 0)
        pv_panic("no disk xvda");
    blocks = pv_blk_get_info(disk)->sectors / BLOCK_SECTORS;
    left = count;

    const uint64_t begin = pv_time_ns();
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++) {
        requests[i].operation = PV_BLKIF_OP_READ;
        requests[i].count = BLOCK_SECTORS;
        requests[i].buffer = pv_pages_alloc(0);
        requests[i].done = again;
        submit(&requests[i]);
    }
    for (unsigned i = 0; i < PV_BLK_DEPTH; i++) {
        while (requests[i].status == PV_BLK_UNDER_WAY)
            pv_blk_wait(disk, &requests[i]);
    }
    pv_printf("ns_per_read %llu\n", (unsigned long long)((pv_time_ns() - begin) / count));
    return 0;
}
