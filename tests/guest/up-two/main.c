// SPDX-License-Identifier: MIT
// up-two: two domains, one of which crashes; the other goes on.
//
// The one that stays waits until the other has gone from the store, so that its success comes later for certain. The command
// ends with the crash's status, and each line on the console says whose it is.

#include "report.h"

#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

#define PATIENCE (pv_time_ns() + 5 * PV_SECOND_NS)

static void must(const char *what, long result)
{
    if (result < 0)
        report_error(what, result);
}

static PV_NORETURN void crash(void)
{
    char path[64], text[8];
    const int peer = pv_xs_find_domain("stays", PATIENCE);
    must("finding the peer", peer);
    pv_snprintf(path, sizeof path, "/local/domain/%d/data/ready", peer);
    must("waiting for the peer", pv_xs_await(path, text, sizeof text, PATIENCE));
    pv_puts("going down");
    pv_panic("as planned");
}

static int stay(void)
{
    char path[64], text[32];
    const int peer = pv_xs_find_domain("crashes", PATIENCE);
    must("finding the peer", peer);
    pv_snprintf(path, sizeof path, "/local/domain/%d/name", peer);
    must("watching it", pv_xs_watch(path, "name"));
    must("saying so", pv_xs_write(PV_XS_NO_TRANSACTION, "data/ready", "yes"));
    must("sharing it", pv_xs_share("data/ready", (pv_domid_t)peer, false));
    const uint64_t deadline = PATIENCE;
    while (pv_xs_read(PV_XS_NO_TRANSACTION, path, text, sizeof text) != -PV_ENOENT) {
        struct pv_xs_event event;
        if (!pv_xs_wait_event("name", &event, deadline))
            report_error("the other is still there", 0);
    }
    return report_end();
}

int pv_main(const char *role)
{
    if (pv_streq(role, "crash"))
        crash();
    return stay();
}
