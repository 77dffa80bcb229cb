// SPDX-License-Identifier: MIT
// boot-state: what a new guest finds: start_info, the p2m list, the ramdisk, its command line, and quiet events.
//
// Every kernel's first hundred lines read these. check.py gives the ramdisk.

#include "report.h"

#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/event_channel.h>

#define RAMDISK_BYTES 10000 // as in check.py

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void check_start_info(const struct pv_start_info *info)
{
    CHECK_EQUAL((uintptr_t)info % PV_PAGE_SIZE, 0);
    const size_t magic = sizeof PV_START_INFO_MAGIC - 1;
    CHECK_EQUAL(memcmp(info->magic, PV_START_INFO_MAGIC, magic), 0);
    CHECK(is_zero(info->magic + magic, sizeof info->magic - magic));
    CHECK_EQUAL(info->flags, 0);
    CHECK_EQUAL(info->nr_pages, 16 << 8);
    CHECK_EQUAL(info->store_evtchn, 1);
    CHECK_EQUAL(info->console.domU.evtchn, 2);
    const size_t length = pv_strlen(info->cmd_line);
    CHECK(is_zero(info->cmd_line + length, sizeof info->cmd_line - length));
}

static void check_level0(const struct pv_start_info *info)
{
    if (!pv_is_auto_translated())
        return;
    CHECK_EQUAL(info->nr_pt_frames, 0);
    const uint64_t *p2m = (const uint64_t *)info->mfn_list;
    unsigned wrong = 0;
    for (uint64_t pfn = 0; pfn < info->nr_pages; pfn++)
        wrong += p2m[pfn] != pfn;
    CHECK_EQUAL(wrong, 0);
    // In this order behind the kernel: ramdisk, p2m, start_info, xenstore, console, boot stack.
    const uint64_t start = pv_virt_to_pfn(info);
    CHECK(info->mod_start < info->mfn_list && info->mfn_list < (uintptr_t)info);
    CHECK_EQUAL(info->store_mfn, start + 1);
    CHECK_EQUAL(info->console.domU.mfn, start + 2);
    CHECK_EQUAL(pv_virt_to_pfn((const void *)pv_boot_end), start + 4);
}

static void check_ramdisk(void)
{
    uint64_t bytes = 0;
    const uint8_t *disk = pv_ramdisk(&bytes);
    CHECK_EQUAL(bytes, RAMDISK_BYTES);
    CHECK_EQUAL((uintptr_t)disk % PV_PAGE_SIZE, 0);
    unsigned wrong = 0;
    for (unsigned i = 0; i < bytes; i++)
        wrong += disk[i] != (uint8_t)(i * 7 + i / 256);
    CHECK_EQUAL(wrong, 0);
}

static void check_events(void)
{
    const struct pv_vcpu_info *info = &pv_shared->vcpu_info[0];
    CHECK_EQUAL(info->evtchn_upcall_mask, 1);
    CHECK_EQUAL(info->evtchn_upcall_pending, 0);
    CHECK_EQUAL(info->evtchn_pending_sel, 0);
    for (unsigned word = 0; word < PV_EVTCHN_WORDS; word++)
        CHECK_EQUAL(pv_shared->evtchn_pending[word], 0);
}

int pv_main(const char *command_line)
{
    check_events(); // before the first line is printed
    check_start_info(pv_start_info);
    check_level0(pv_start_info);
    check_ramdisk();
    CHECK(pv_streq(command_line, "one two=2 three"));
    CHECK_EQUAL(pv_option_number("two", 0), 2);
    return report_end();
}
