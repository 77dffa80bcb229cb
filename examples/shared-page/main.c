// SPDX-License-Identifier: MIT
// One domain grants a page to another, which reads and writes it. Options: role=server or role=client, peer=NAME.

#include <pv/grant.h>
#include <pv/guest.h>
#include <pv/memory.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/xenstore.h>

#define PATIENCE_NS (10 * PV_SECOND_NS)

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: error %d", what, -result);
    return result;
}

// Where the server tells the client its grant, and where the client answers: both belong to the server, so that the answer
// is still there when the client has ended.
#define GRANT_NODE "data/shared-page/ref"
#define ANSWER_NODE "data/shared-page/answer"

// Waits until the client has written its answer.
static void await_answer(void)
{
    char answer[8] = "";
    must("watching for the answer", pv_xs_watch(ANSWER_NODE, "answer"));
    while (!pv_streq(answer, "done")) {
        struct pv_xs_event event;
        PV_ASSERT(pv_xs_wait_event("answer", &event, pv_time_ns() + PATIENCE_NS));
        must("reading the answer", pv_xs_read(PV_XS_NO_TRANSACTION, ANSWER_NODE, answer, sizeof answer));
    }
    must("ending the watch", pv_xs_unwatch(ANSWER_NODE, "answer"));
}

static void serve(pv_domid_t peer)
{
    char *page = pv_page_alloc();
    PV_ASSERT(page);
    pv_snprintf(page, PV_PAGE_SIZE, "written by the server");
    const int ref = must("granting", pv_grant_access(peer, pv_virt_to_mfn(page), false));

    must("a place for the answer", pv_xs_write(PV_XS_NO_TRANSACTION, ANSWER_NODE, "none"));
    must("letting the client write it", pv_xs_share(ANSWER_NODE, peer, true));
    must("telling the grant", pv_xs_printf(PV_XS_NO_TRANSACTION, GRANT_NODE, "%d", ref));
    must("letting the client read it", pv_xs_share(GRANT_NODE, peer, false));

    await_answer();
    pv_printf("the page now says \"%s\"\n", page);
    must("ending the grant", pv_grant_end((pv_grant_ref_t)ref)); // busy, had the client not unmapped
    pv_printf("the page is mine alone again\n");
    pv_page_free(page);
}

static void use(pv_domid_t peer)
{
    char path[64], text[24];
    uint64_t ref;
    pv_snprintf(path, sizeof path, "/local/domain/%u/" GRANT_NODE, peer);
    must("hearing of the grant", pv_xs_await(path, text, sizeof text, pv_time_ns() + PATIENCE_NS));
    PV_ASSERT(pv_parse_number(text, &ref));

    struct pv_grant_mapping mapping;
    must("mapping", pv_grant_map(peer, (pv_grant_ref_t)ref, false, &mapping));
    char *page = mapping.address;
    pv_printf("the page says \"%s\"\n", page);
    pv_snprintf(page, PV_PAGE_SIZE, "written by the client");
    must("unmapping", pv_grant_unmap(&mapping));

    pv_snprintf(path, sizeof path, "/local/domain/%u/" ANSWER_NODE, peer);
    must("answering", pv_xs_write(PV_XS_NO_TRANSACTION, path, "done"));
}

int pv_main(const char *command_line)
{
    char role[16], name[64];
    if (pv_option("role", role, sizeof role) < 0 || pv_option("peer", name, sizeof name) < 0)
        pv_panic("role= and peer= are needed, not \"%s\"", command_line);
    const pv_domid_t peer = (pv_domid_t)must("finding the peer", pv_xs_find_domain(name, pv_time_ns() + PATIENCE_NS));
    if (pv_streq(role, "server"))
        serve(peer);
    else
        use(peer);
    return 0;
}
