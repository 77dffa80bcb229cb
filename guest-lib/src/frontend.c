// SPDX-License-Identifier: MIT
// Front ends of every kind: connecting, disconnecting, pages for the back end.

#include "frontend.h"

#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/printf.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>
#include <pvabi/io/ring.h>

#define PATIENCE_NS (30 * PV_SECOND_NS)

static int wait_backend(const struct pv_xenbus_device *device, unsigned mask)
{
    return pv_xenbus_wait_backend(device, mask, pv_time_ns() + PATIENCE_NS);
}

int pv_front_begin(const struct pv_xenbus_device *device)
{
    if (pv_xenbus_state(device->path) != PV_XENBUS_STATE_INITIALISING)
        pv_xenbus_set_state(device, PV_XENBUS_STATE_INITIALISING); // an earlier kernel had it
    return wait_backend(device, PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT));
}

int pv_front_connect(const struct pv_xenbus_device *device, int (*write_details)(pv_xs_transaction, void *), void *context)
{
    int result = pv_xs_transact(write_details, context);
    if (result >= 0)
        result = pv_xenbus_set_state(device, PV_XENBUS_STATE_INITIALISED);
    if (result >= 0)
        result = wait_backend(device, PV_XENBUS_MASK(PV_XENBUS_STATE_CONNECTED) |
                                          PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSING) | PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSED));
    if (result >= 0 && result != PV_XENBUS_STATE_CONNECTED)
        result = -PV_EIO;
    return result;
}

int pv_front_disconnect(const struct pv_xenbus_device *device)
{
    const unsigned left = PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSED) | PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT) |
                          PV_XENBUS_MASK(PV_XENBUS_STATE_UNKNOWN);
    pv_xenbus_set_state(device, PV_XENBUS_STATE_CLOSING);
    int result = wait_backend(device, left | PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSING));
    pv_xenbus_set_state(device, PV_XENBUS_STATE_CLOSED);
    if (result >= 0)
        result = wait_backend(device, left);
    return result < 0 ? result : 0;
}

void pv_front_give_up(const struct pv_xenbus_device *device)
{
    pv_xenbus_set_state(device, PV_XENBUS_STATE_CLOSING);
    pv_xenbus_set_state(device, PV_XENBUS_STATE_CLOSED);
}

int pv_front_write(pv_xs_transaction transaction, const struct pv_xenbus_device *device, const char *node, const char *value)
{
    char path[PV_XENBUS_PATH_SIZE + 32];
    pv_snprintf(path, sizeof path, "%s/%s", device->path, node);
    return pv_xs_write(transaction, path, value);
}

int pv_front_write_number(pv_xs_transaction transaction, const struct pv_xenbus_device *device, const char *node, unsigned value)
{
    char text[16];
    pv_snprintf(text, sizeof text, "%u", value);
    return pv_front_write(transaction, device, node, text);
}

int pv_front_make_page(const struct pv_xenbus_device *device, bool read_only, struct front_page *made)
{
    made->page = pv_page_alloc();
    if (!made->page)
        return -PV_ENOMEM;
    const int grant = pv_grant_access(device->backend_domid, pv_virt_to_mfn(made->page), read_only);
    if (grant < 0) {
        pv_page_free(made->page);
        made->page = NULL;
        return grant;
    }
    made->grant = (pv_grant_ref_t)grant;
    return 0;
}

int pv_front_make_ring(const struct pv_xenbus_device *device, struct front_page *made)
{
    const int result = pv_front_make_page(device, false, made);
    if (result < 0)
        return result;
    memset(made->page, 0, PV_PAGE_SIZE);
    struct pv_ring_header *header = made->page;
    header->req_event = 1;
    header->rsp_event = 1;
    return 0;
}

void pv_front_free_page(struct front_page *page)
{
    if (page->page && pv_grant_end(page->grant) == 0)
        pv_page_free(page->page);
    page->page = NULL;
}
