// SPDX-License-Identifier: MIT
// Waiting for what another domain, or the monitor, will write.

#include "xenstore_wire.h"

#include <pv/printf.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>

// A token that no other watch has.
static void fresh_token(char *token, size_t size)
{
    static unsigned count;
    pv_snprintf(token, size, "pv-await-%u", ++count);
}

// Events that came between the last look and the end of the watch.
static void drop_events(const char *token)
{
    struct pv_xs_event event;
    while (pv_xs_wait_event(token, &event, 1)) // a deadline long past: only those queued
        ;
}

int pv_xs_await(const char *path, char *value, size_t size, uint64_t deadline_ns)
{
    char token[PV_XS_TOKEN_SIZE];
    fresh_token(token, sizeof token);
    int result = pv_xs_watch(path, token);
    if (result < 0)
        return result;
    struct pv_xs_event event;
    do {
        if (!pv_xs_wait_event(token, &event, deadline_ns)) {
            result = -PV_ETIMEDOUT;
            break;
        }
        result = pv_xs_read(PV_XS_NO_TRANSACTION, path, value, size);
    } while (result == -PV_ENOENT || result == -PV_EACCES);
    pv_xs_unwatch(path, token);
    drop_events(token);
    return result;
}

static bool has_name(unsigned domid, const char *name)
{
    char path[48], found[128];
    pv_snprintf(path, sizeof path, "/local/domain/%u/name", domid);
    return pv_xs_read(PV_XS_NO_TRANSACTION, path, found, sizeof found) >= 0 && pv_streq(found, name);
}

// Goes through the list of domains where we may read it, and through small numbers where we may not.
static int look_for(const char *name)
{
    static char domids[2048];
    const int length = pv_xs_directory(PV_XS_NO_TRANSACTION, "/local/domain", domids, sizeof domids);
    for (const char *at = domids; length > 0 && at < domids + length; at += pv_strlen(at) + 1) {
        uint64_t domid;
        if (pv_parse_number(at, &domid) && has_name((unsigned)domid, name))
            return (int)domid;
    }
    for (unsigned domid = 1; length < 0 && domid <= 32; domid++)
        if (has_name(domid, name))
            return (int)domid;
    return -PV_ENOENT;
}

// The watch tells of domains whose nodes we may see; the pause makes up for those whose coming nobody tells us.
int pv_xs_find_domain(const char *name, uint64_t deadline_ns)
{
    char token[PV_XS_TOKEN_SIZE];
    fresh_token(token, sizeof token);
    const bool watched = pv_xs_watch("/local/domain", token) == 0;
    int result;
    while ((result = look_for(name)) < 0) {
        const uint64_t now = pv_time_ns();
        if (deadline_ns && now >= deadline_ns) {
            result = -PV_ETIMEDOUT;
            break;
        }
        struct pv_xs_event event;
        if (watched)
            pv_xs_wait_event(token, &event, now + 50 * PV_MILLISECOND_NS);
        else
            pv_sleep_ns(50 * PV_MILLISECOND_NS);
    }
    if (watched) {
        pv_xs_unwatch("/local/domain", token);
        drop_events(token);
    }
    return result;
}
