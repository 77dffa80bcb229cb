// SPDX-License-Identifier: MIT
// block-reopen: opening and closing a disk fifty times leaves nothing behind.
//
// A boot loader closes what it opened, and the next kernel opens it as if new. Grants and ports that one round kept would run
// out after some.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/pages.h>

#define ROUNDS 50

static char sector[512] __attribute__((aligned(512)));

static int next_port(void)
{
    const int port = pv_event_bind_ipi(0);
    pv_event_close((pv_evtchn_port_t)port);
    return port;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    unsigned grants = 0;
    size_t pages = 0;
    int port = 0;
    for (unsigned round = 0; round < ROUNDS && report_failures == 0; round++) {
        struct pv_blk *disk;
        const int result = pv_blk_open(51712, &disk);
        if (result < 0)
            report_error("opening the disk", result);
        CHECK_EQUAL(pv_blk_read(disk, round, sector, 1), 0);
        CHECK_EQUAL(sector[0], 0);
        sector[0] = (char)round;
        CHECK_EQUAL(pv_blk_write(disk, round - (round ? 1 : 0), sector, 1), 0);
        sector[0] = 0;
        CHECK_EQUAL(pv_blk_close(disk), 0);
        if (round == 1) { // the first round sets up what stays for ever
            grants = pv_grants_available();
            pages = pv_pages_available();
            port = next_port();
        }
    }
    CHECK_EQUAL(pv_grants_available(), grants);
    CHECK_EQUAL(pv_pages_available(), pages);
    CHECK_EQUAL(next_port(), port);
    return report_end();
}
