// SPDX-License-Identifier: MIT
// xenstore: a guest's view of the store: its own part, what it may not touch, transactions, watches and quotas.

#include "report.h"

#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

#define NONE PV_XS_NO_TRANSACTION
#define SOON (pv_time_ns() + 5 * PV_SECOND_NS)
#define MORE_NODES_THAN_ALLOWED 1100
#define MORE_WATCHES_THAN_ALLOWED 140
#define MORE_TRANSACTIONS_THAN_ALLOWED 12

static char text[4096];

static void check_tree(void)
{
    CHECK_EQUAL(pv_xs_write(NONE, "data/a/b", "one"), 0);
    CHECK_EQUAL(pv_xs_read(NONE, "data/a/b", text, sizeof text), 3);
    CHECK(pv_streq(text, "one"));
    CHECK_EQUAL(pv_xs_read(NONE, "data/a", text, sizeof text), 0); // made on the way, empty
    CHECK_EQUAL(pv_xs_write(NONE, "data/a/c", ""), 0);
    CHECK_EQUAL(pv_xs_mkdir(NONE, "data/a/d"), 0);
    CHECK_EQUAL(pv_xs_mkdir(NONE, "data/a/d"), 0);
    const int bytes = pv_xs_directory(NONE, "data/a", text, sizeof text);
    CHECK_EQUAL(bytes, 6);
    CHECK_EQUAL(memcmp(text, "b\0c\0d", 6), 0);
    CHECK_EQUAL(pv_xs_remove(NONE, "data/a"), 0);
    CHECK_EQUAL(pv_xs_read(NONE, "data/a/b", text, sizeof text), -PV_ENOENT);
    CHECK_EQUAL(pv_xs_directory(NONE, "data/a", text, sizeof text), -PV_ENOENT);
    CHECK_EQUAL(pv_xs_read(NONE, "data//a", text, sizeof text), -PV_EINVAL);
    CHECK_EQUAL(pv_xs_read(NONE, "data/a/", text, sizeof text), -PV_EINVAL);
    CHECK_EQUAL(pv_xs_read(NONE, "name", text, sizeof text), 8);
    CHECK(pv_streq(text, "xenstore"));
}

static void check_permissions(void)
{
    CHECK_EQUAL(pv_xs_write(NONE, "/local/domain/0/data", "x"), -PV_EACCES);
    CHECK_EQUAL(pv_xs_write(NONE, "/tool/x", "x"), -PV_EACCES);
    CHECK_EQUAL(pv_xs_write(NONE, "name", "another"), -PV_EACCES);
    CHECK_EQUAL(pv_xs_remove(NONE, "/local"), -PV_EACCES);
    CHECK_EQUAL(pv_xs_write(NONE, "data/mine", "x"), 0);
    CHECK_EQUAL(pv_xs_share("data/mine", 0, true), 0);
    char wanted[16];
    const int length = pv_snprintf(wanted, sizeof wanted, "n%d", pv_xs_own_domid());
    CHECK_EQUAL(pv_xs_get_permissions(NONE, "data/mine", text, sizeof text), length + 1 + 3);
    CHECK(pv_streq(text, wanted));
    CHECK(pv_streq(text + length + 1, "b0"));
    CHECK_EQUAL(pv_xs_set_permissions(NONE, "data/mine", "n0", 3), -PV_EACCES); // cannot be given away
    CHECK_EQUAL(pv_xs_set_permissions(NONE, "data/mine", "q1", 3), -PV_EINVAL);
    CHECK_EQUAL(pv_xs_remove(NONE, "data/mine"), 0);
}

static void check_transactions(void)
{
    pv_xs_transaction first, second;
    pv_xs_write(NONE, "data/t", "before");
    CHECK_EQUAL(pv_xs_transaction_start(&first), 0);
    CHECK_EQUAL(pv_xs_write(first, "data/t", "inside"), 0);
    CHECK_EQUAL(pv_xs_read(first, "data/t", text, sizeof text), 6);
    CHECK(pv_streq(text, "inside"));
    pv_xs_read(NONE, "data/t", text, sizeof text);
    CHECK(pv_streq(text, "before"));
    CHECK_EQUAL(pv_xs_transaction_end(first, true), 0);
    pv_xs_read(NONE, "data/t", text, sizeof text);
    CHECK(pv_streq(text, "inside"));

    CHECK_EQUAL(pv_xs_transaction_start(&first), 0); // two that read and write the same: the later is told so
    CHECK_EQUAL(pv_xs_transaction_start(&second), 0);
    pv_xs_read(first, "data/t", text, sizeof text);
    pv_xs_read(second, "data/t", text, sizeof text);
    pv_xs_write(first, "data/t", "1");
    pv_xs_write(second, "data/t", "2");
    CHECK_EQUAL(pv_xs_transaction_end(first, true), 0);
    CHECK_EQUAL(pv_xs_transaction_end(second, true), -PV_EAGAIN);
    pv_xs_read(NONE, "data/t", text, sizeof text);
    CHECK(pv_streq(text, "1"));

    CHECK_EQUAL(pv_xs_transaction_start(&first), 0);
    pv_xs_write(first, "data/gone", "x");
    CHECK_EQUAL(pv_xs_transaction_end(first, false), 0);
    CHECK_EQUAL(pv_xs_read(NONE, "data/gone", text, sizeof text), -PV_ENOENT);
    CHECK_EQUAL(pv_xs_transaction_end(first, true), -PV_ENOENT);
    CHECK_EQUAL(pv_xs_write(12345, "data/t", "x"), -PV_ENOENT);
}

static void check_watches(void)
{
    static struct pv_xs_event event;
    CHECK_EQUAL(pv_xs_watch("data/w", "token"), 0);
    CHECK(pv_xs_wait_event("token", &event, SOON)); // once when set
    CHECK(pv_streq(event.path, "data/w"));
    CHECK_EQUAL(pv_xs_watch("data/w", "token"), -PV_EEXIST);
    pv_xs_write(NONE, "data/w/below", "x");
    CHECK(pv_xs_wait_event("token", &event, SOON));
    CHECK(pv_streq(event.path, "data/w/below"));
    pv_xs_write(NONE, "data/beside", "x");
    CHECK(!pv_xs_wait_event("token", &event, pv_time_ns() + PV_MILLISECOND_NS));
    pv_xs_remove(NONE, "data/w");
    CHECK(pv_xs_wait_event("token", &event, SOON));
    CHECK_EQUAL(pv_xs_unwatch("data/w", "token"), 0);
    CHECK_EQUAL(pv_xs_unwatch("data/w", "token"), -PV_ENOENT);

    CHECK_EQUAL(pv_xs_watch("data/w", "other"), 0);
    CHECK_EQUAL(pv_xs_reset_watches(), 0);
    CHECK_EQUAL(pv_xs_unwatch("data/w", "other"), -PV_ENOENT);
    pv_xs_write(NONE, "data/w", "x");
    CHECK(!pv_xs_wait_event("token", &event, pv_time_ns() + PV_MILLISECOND_NS));
}

static void check_quotas(void)
{
    int result = 0;
    unsigned nodes = 0;
    for (; nodes < MORE_NODES_THAN_ALLOWED && result == 0; nodes++) {
        pv_snprintf(text, sizeof text, "data/many/%u", nodes);
        result = pv_xs_write(NONE, text, "x");
    }
    CHECK_EQUAL(result, -PV_ENOSPC);
    CHECK_EQUAL(pv_xs_remove(NONE, "data/many"), 0);
    CHECK_EQUAL(pv_xs_write(NONE, "data/again", "x"), 0);

    memset(text, 'v', 2049);
    text[2049] = 0;
    CHECK_EQUAL(pv_xs_write(NONE, "data/again", text), -PV_ENOSPC);
    text[2048] = 0;
    CHECK_EQUAL(pv_xs_write(NONE, "data/again", text), 0);

    unsigned watches = 0;
    for (result = 0; watches < MORE_WATCHES_THAN_ALLOWED && result == 0; watches++) {
        pv_snprintf(text, sizeof text, "t%u", watches);
        result = pv_xs_watch("data/again", text);
    }
    CHECK_EQUAL(result, -PV_E2BIG);
    CHECK(watches > 100);

    unsigned transactions = 0;
    pv_xs_transaction open[MORE_TRANSACTIONS_THAN_ALLOWED];
    for (result = 0; transactions < MORE_TRANSACTIONS_THAN_ALLOWED && result == 0; transactions++)
        result = pv_xs_transaction_start(&open[transactions]);
    CHECK_EQUAL(result, -PV_ENOSPC);
    for (unsigned i = 0; i + 1 < transactions; i++)
        CHECK_EQUAL(pv_xs_transaction_end(open[i], false), 0);
    CHECK_EQUAL(pv_xs_transaction_start(&open[0]), 0);
    CHECK_EQUAL(pv_xs_transaction_end(open[0], true), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_tree();
    check_permissions();
    check_transactions();
    check_watches();
    check_quotas();
    return report_end();
}
