// SPDX-License-Identifier: MIT
// Copies the first sectors of one disk to another, flushes, reads both back and compares them.
// Options: from=N to=N, numbers of disks as in device/vbd (51712 is xvda, 51728 is xvdb); sectors=N.

#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/string.h>

#define CHUNK_ORDER 5 // 128 KiB at a time
#define CHUNK_SECTORS ((PV_PAGE_SIZE << CHUNK_ORDER) / PV_BLKIF_SECTOR_SIZE)

static struct pv_blk *open_disk(const char *option, uint32_t otherwise)
{
    const uint32_t number = (uint32_t)pv_option_number(option, otherwise);
    struct pv_blk *disk;
    const int result = pv_blk_open(number, &disk);
    if (result < 0)
        pv_panic("disk %u: error %d", number, -result);
    const struct pv_blk_info *info = pv_blk_get_info(disk);
    pv_printf("%s: disk %u, %lu sectors, %s\n", option, number, info->sectors, info->read_only ? "read-only" : "writable");
    return disk;
}

static size_t part_of(uint64_t done, uint64_t count)
{
    return count - done < CHUNK_SECTORS ? (size_t)(count - done) : CHUNK_SECTORS;
}

static void must(const char *what, uint64_t sector, int result)
{
    if (result < 0)
        pv_panic("%s at sector %lu: error %d", what, sector, -result);
}

static void copy(struct pv_blk *from, struct pv_blk *to, uint64_t count, char *buffer)
{
    for (uint64_t at = 0; at < count; at += CHUNK_SECTORS) {
        must("read", at, pv_blk_read(from, at, buffer, part_of(at, count)));
        must("write", at, pv_blk_write(to, at, buffer, part_of(at, count)));
    }
    must("flush", 0, pv_blk_flush(to));
}

static bool is_same(struct pv_blk *from, struct pv_blk *to, uint64_t count, char *left, char *right)
{
    for (uint64_t at = 0; at < count; at += CHUNK_SECTORS) {
        const size_t part = part_of(at, count);
        must("read", at, pv_blk_read(from, at, left, part));
        must("read back", at, pv_blk_read(to, at, right, part));
        if (memcmp(left, right, part * PV_BLKIF_SECTOR_SIZE) != 0)
            return false;
    }
    return true;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    struct pv_blk *from = open_disk("from", 51712);
    struct pv_blk *to = open_disk("to", 51728);
    const uint64_t count = pv_option_number("sectors", 2048);
    char *left = pv_pages_alloc(CHUNK_ORDER);
    char *right = pv_pages_alloc(CHUNK_ORDER);
    PV_ASSERT(left && right);

    copy(from, to, count, left);
    pv_printf("copied %lu sectors\n", count);
    const bool same = is_same(from, to, count, left, right);
    pv_printf("%s\n", same ? "both disks hold the same" : "the disks differ");

    pv_blk_close(from);
    pv_blk_close(to);
    return same ? 0 : 1;
}
