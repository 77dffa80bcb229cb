// SPDX-License-Identifier: MIT
// What attacking guests share: beside the attacker runs a victim, the same kernel with another command line, that goes on working
// with its disk, its store nodes and its timer until the attacker has gone, and only then says that it was not disturbed.
//
//     int pv_main(const char *role)
//     {
//         return hostile_main(role, attack);  // attack: int attack(void), what pv_main returns
//     }
#pragma once

#include "../guest/report.h"

#include <pv/blkfront.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

#define PATIENCE (pv_time_ns() + 20 * PV_SECOND_NS)

static inline int must(const char *what, long result)
{
    if (result < 0)
        report_error(what, result);
    return (int)result;
}

// A generator of numbers, the same on each run.
static inline uint64_t random_number(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static inline void beat(struct pv_blk *disk, unsigned number)
{
    static char out[512] __attribute__((aligned(512))), in[512] __attribute__((aligned(512)));
    uint64_t stored = 0;
    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = (char)(number * 7 + i);
    CHECK_EQUAL(pv_blk_write(disk, number % 1024, out, 1), 0);
    CHECK_EQUAL(pv_blk_read(disk, number % 1024, in, 1), 0);
    CHECK_EQUAL(memcmp(in, out, sizeof in), 0);
    CHECK_EQUAL(pv_xs_printf(PV_XS_NO_TRANSACTION, "data/beat", "%u", number), 0);
    CHECK_EQUAL(pv_xs_read_number(PV_XS_NO_TRANSACTION, "data/beat", &stored), 0);
    CHECK_EQUAL(stored, number);
    const uint64_t before = pv_time_ns();
    pv_sleep_ns(PV_MILLISECOND_NS);
    CHECK(pv_time_ns() - before >= PV_MILLISECOND_NS);
}

static inline int stand(void)
{
    char path[64], text[32];
    struct pv_blk *disk;
    must("opening the disk", pv_blk_open(51712, &disk));
    const int attacker = must("finding the attacker", pv_xs_find_domain("attacker", PATIENCE));
    pv_snprintf(path, sizeof path, "/local/domain/%d/name", attacker);
    must("saying so", pv_xs_write(PV_XS_NO_TRANSACTION, "data/ready", "yes"));
    must("sharing it", pv_xs_share("data/ready", (pv_domid_t)attacker, false));
    const uint64_t deadline = PATIENCE;
    unsigned beats = 0;
    while (pv_xs_read(PV_XS_NO_TRANSACTION, path, text, sizeof text) != -PV_ENOENT) {
        beat(disk, beats++);
        if (pv_time_ns() > deadline)
            report_error("the attacker is still there", beats);
    }
    CHECK(beats > 0);
    CHECK_EQUAL(pv_blk_close(disk), 0);
    return report_end();
}

static inline int hostile_main(const char *role, int (*attack)(void))
{
    if (!pv_streq(role, "attack"))
        return stand();
    char path[64], text[8];
    pv_snprintf(path, sizeof path, "/local/domain/%d/data/ready", must("finding the victim", pv_xs_find_domain("victim", PATIENCE)));
    must("waiting for the victim", pv_xs_await(path, text, sizeof text, PATIENCE));
    return attack();
}
