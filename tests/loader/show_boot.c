// SPDX-License-Identifier: MIT
// The kernel of the loader's tests: shows what it was given, modules or a ramdisk, and that the domain's devices are as new.
// `exit=N` on its command line is its exit status, `first=N` asks for the first bytes of disk number N, as text.

#include <pv/blkfront.h>
#include <pv/guest.h>
#include <pv/memory.h>
#include <pv/module.h>

static char sector[512] __attribute__((aligned(512)));

static uint64_t sum_of(const void *data, uint64_t bytes)
{
    const unsigned char *at = data;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes; i++)
        sum = sum * 31 + at[i];
    return sum;
}

static bool show_modules(void)
{
    struct pv_module module;
    unsigned count = 0;
    for (; pv_module_get(count, &module); count++)
        pv_printf("module \"%s\" of %lu bytes, sum %016lx\n", module.command_line, (unsigned long)module.bytes,
                  (unsigned long)sum_of(module.data, module.bytes));
    return count != 0;
}

static void show_ramdisk(void)
{
    uint64_t bytes;
    const char *ramdisk = pv_ramdisk(&bytes);
    if (!ramdisk) {
        pv_printf("no ramdisk\n");
        return;
    }
    pv_printf("ramdisk of %lu bytes, sum %016lx\n", (unsigned long)bytes, (unsigned long)sum_of(ramdisk, bytes));
}

static void show_disk(uint32_t number)
{
    struct pv_blk *disk;
    int result = pv_blk_open(number, &disk);
    if (result == 0)
        result = pv_blk_read(disk, 0, sector, 1);
    if (result < 0)
        pv_printf("disk %u failed: %d\n", number, result);
    else
        pv_printf("disk %u begins with %.16s\n", number, sector);
    if (result == 0)
        pv_blk_close(disk);
}

int pv_main(const char *command_line)
{
    pv_printf("started with \"%s\"\n", command_line);
    if (!show_modules())
        show_ramdisk();
    const uint64_t number = pv_option_number("first", 0);
    if (number)
        show_disk((uint32_t)number);
    return (int)pv_option_number("exit", 0);
}
