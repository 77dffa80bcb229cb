// SPDX-License-Identifier: MIT
// Watches and the queue of their events. An event says only where something changed, so one that waits already is enough:
// the queue is never longer than there are different paths and tokens.

#include "xenstore_wire.h"

#include <pv/heap.h>
#include <pv/panic.h>
#include <pv/string.h>

struct queued {
    struct queued *next;
    struct pv_xs_event event;
};

static struct queued *first;

static size_t copy_text(char *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; i + 1 < size && from[i]; i++)
        to[i] = from[i];
    to[i] = '\0';
    return i;
}

// The payload is "path\0token\0", with a NUL added behind by the receiver.
static void enqueue(const char *payload, size_t size)
{
    const size_t path_size = pv_strlen(payload) + 1;
    struct queued *fresh = pv_malloc(sizeof *fresh);
    if (!fresh)
        pv_panic("xenstore: no memory for a watch event");
    fresh->next = NULL;
    copy_text(fresh->event.path, sizeof fresh->event.path, payload);
    copy_text(fresh->event.token, sizeof fresh->event.token, path_size < size ? payload + path_size : "");

    struct queued **at = &first;
    for (; *at; at = &(*at)->next) {
        if (pv_streq((*at)->event.path, fresh->event.path) && pv_streq((*at)->event.token, fresh->event.token)) {
            pv_free(fresh);
            return;
        }
    }
    *at = fresh;
}

static bool dequeue(const char *token, struct pv_xs_event *event)
{
    for (struct queued **at = &first; *at; at = &(*at)->next) {
        struct queued *found = *at;
        if (token && !pv_streq(found->event.token, token))
            continue;
        *event = found->event;
        *at = found->next;
        pv_free(found);
        return true;
    }
    return false;
}

int pv_xs_watch(const char *path, const char *token)
{
    pv_xs_on_event = enqueue;
    const struct pv_xs_part parts[] = {pv_xs_text(path), pv_xs_text(token)};
    const int result = pv_xs_request(PV_XS_WATCH, PV_XS_NO_TRANSACTION, parts, 2, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_unwatch(const char *path, const char *token)
{
    const struct pv_xs_part parts[] = {pv_xs_text(path), pv_xs_text(token)};
    const int result = pv_xs_request(PV_XS_UNWATCH, PV_XS_NO_TRANSACTION, parts, 2, NULL, 0);
    return result < 0 ? result : 0;
}

int pv_xs_reset_watches(void)
{
    const int result = pv_xs_request_path(PV_XS_RESET_WATCHES, PV_XS_NO_TRANSACTION, "", NULL, 0);
    return result < 0 ? result : 0;
}

bool pv_xs_wait_event(const char *token, struct pv_xs_event *event, uint64_t deadline_ns)
{
    while (!dequeue(token, event))
        if (!pv_xs_receive(deadline_ns))
            return false;
    return true;
}
