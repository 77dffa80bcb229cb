// SPDX-License-Identifier: MIT
// xenbus-nonsense: a front end that writes any state, any number and any text, thousands of times without waiting.
//
// The back end follows what makes sense and ends Closed; what is wrong is told in its error node. Nothing piles up: afterwards the
// disk opens as always.

#include "hostile.h"

#include <pv/event.h>
#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/xenbus.h>

#define TOGGLES 2000

static struct pv_xenbus_device device;

static void write_text(const char *node, const char *text)
{
    char path[PV_XENBUS_PATH_SIZE + 32];
    pv_snprintf(path, sizeof path, "%s/%s", device.path, node);
    must(node, pv_xs_write(PV_XS_NO_TRANSACTION, path, text));
}

static void toggle(int grant, int port)
{
    static const char *const states[] = {"3", "6", "4", "5", "1", "999", "", "-1", "3x", "0", "7", "4294967295"};
    char number[16];
    pv_snprintf(number, sizeof number, "%d", grant);
    write_text("ring-ref", number);
    pv_snprintf(number, sizeof number, "%d", port);
    write_text("event-channel", number);
    for (unsigned i = 0; i < TOGGLES; i++)
        write_text("state", states[i < TOGGLES / 2 ? i % 2 : random_number() % (sizeof states / sizeof states[0])]);
}

static void refuse(const char *node, const char *text)
{
    char path[PV_XENBUS_PATH_SIZE + 32], error[256];
    write_text("state", "1");
    CHECK_EQUAL(pv_xenbus_wait_backend(&device, PV_XENBUS_MASK(PV_XENBUS_STATE_INIT_WAIT), PATIENCE), PV_XENBUS_STATE_INIT_WAIT);
    write_text(node, text);
    write_text("state", "3");
    pv_snprintf(path, sizeof path, "%s/error", device.backend);
    CHECK(pv_xs_await(path, error, sizeof error, PATIENCE) > 0);
    CHECK_EQUAL(pv_xenbus_state(device.backend), PV_XENBUS_STATE_INIT_WAIT);
    pv_snprintf(path, sizeof path, "%s/%s", device.path, node);
    CHECK_EQUAL(pv_xs_remove(PV_XS_NO_TRANSACTION, path), 0);
}

static void check_refusals(int grant)
{
    static const char *const rings[] = {"7", "511", "512", "4294967295", "4294967296", "18446744073709551616"};
    for (unsigned i = 0; i < sizeof rings / sizeof rings[0]; i++)
        refuse("ring-ref", rings[i]);
    static char number[16], long_text[2000];
    pv_snprintf(number, sizeof number, "%d", grant);
    write_text("ring-ref", number);
    memset(long_text, '9', sizeof long_text - 1);
    static const char *const texts[] = {"0", "33", "4096", "2147483648", "-1", "", "abc", long_text};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse("event-channel", texts[i]);
        refuse("ring-page-order", texts[i]);
        refuse("num-ring-pages", texts[i]);
    }
    refuse("protocol", "x86_32-abi");
}

static int attack(void)
{
    must("finding the disk", pv_xenbus_find("vbd", 51712, &device));
    void *ring = pv_page_alloc();
    memset(ring, 0, PV_PAGE_SIZE);
    const int grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(ring), false));
    const int port = must("making a port", pv_event_alloc_unbound(0));
    toggle(grant, port);
    check_refusals(grant);
    write_text("state", "6");
    CHECK_EQUAL(pv_xenbus_wait_backend(&device, PV_XENBUS_MASK(PV_XENBUS_STATE_CLOSED), PATIENCE), PV_XENBUS_STATE_CLOSED);
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)grant), 0);
    struct pv_blk *disk;
    CHECK_EQUAL(pv_blk_open(51712, &disk), 0);
    CHECK_EQUAL(pv_blk_read(disk, 0, ring, 8), 0);
    CHECK_EQUAL(pv_blk_close(disk), 0);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
