// SPDX-License-Identifier: MIT
// reboot: a guest that reboots is built anew, with nothing left but its disk; with --no-reboot it ends.
//
// The number of the boot is kept in the disk's first sector; everything else must be as at the first start.

#include "report.h"

#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/string.h>
#include <pv/xenstore.h>

#define XVDA 51712
#define BOOTS 3

static char sector[512] __attribute__((aligned(512)));
static unsigned untouched;

static void must(const char *what, long result)
{
    if (result < 0)
        report_error(what, result);
}

static void check_fresh(void)
{
    char value[8];
    CHECK_EQUAL(untouched, 0);
    untouched = 1;
    CHECK(pv_xs_read(PV_XS_NO_TRANSACTION, "data/left", value, sizeof value) < 0);
    must("writing a node", pv_xs_write(PV_XS_NO_TRANSACTION, "data/left", "x"));
    CHECK_EQUAL(pv_event_bind_ipi(0), 3); // the first port behind xenstore's and the console's
}

int pv_main(const char *command_line)
{
    (void)command_line;
    struct pv_blk *disk;
    check_fresh();
    must("opening the disk", pv_blk_open(XVDA, &disk));
    must("reading", pv_blk_read(disk, 0, sector, 1));
    const unsigned boots = (unsigned)sector[0] + 1;
    sector[0] = (char)boots;
    must("writing", pv_blk_write(disk, 0, sector, 1));
    must("flushing", pv_blk_flush(disk));
    pv_printf("boot %u\n", boots);
    if (boots < BOOTS && report_failures == 0)
        pv_reboot(); // with the disk open: nobody closes it
    return report_end();
}
