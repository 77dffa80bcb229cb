// SPDX-License-Identifier: MIT
// Two domains send events to each other, in turn. They know only each other's names; everything else, numbers and ports,
// they find in xenstore. Options: role=server or role=client, peer=NAME, rounds=N (the same for both).

#include <pv/event.h>
#include <pv/guest.h>
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

// The server opens a port for its peer and says in its own part of the store which one it is.
static pv_evtchn_port_t publish_port(pv_domid_t peer)
{
    const int port = must("opening a port", pv_event_alloc_unbound(peer));
    must("a folder for the peer", pv_xs_mkdir(PV_XS_NO_TRANSACTION, "data/ping-pong"));
    must("sharing it", pv_xs_share("data/ping-pong", peer, false)); // what is made in it later inherits that
    must("publishing the port", pv_xs_printf(PV_XS_NO_TRANSACTION, "data/ping-pong/port", "%d", port));
    return (pv_evtchn_port_t)port;
}

static pv_evtchn_port_t bind_published_port(pv_domid_t peer)
{
    char path[64], text[16];
    uint64_t remote_port;
    pv_snprintf(path, sizeof path, "/local/domain/%u/data/ping-pong/port", peer);
    must("waiting for the peer's port", pv_xs_await(path, text, sizeof text, pv_time_ns() + PATIENCE_NS));
    PV_ASSERT(pv_parse_number(text, &remote_port));
    const int port = must("binding", pv_event_bind_interdomain(peer, (pv_evtchn_port_t)remote_port));
    pv_event_take((pv_evtchn_port_t)port); // a newly bound port starts with an event
    return (pv_evtchn_port_t)port;
}

static void serve(pv_evtchn_port_t port, uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        pv_event_wait(port);
        pv_event_send(port);
    }
    pv_event_wait(port); // the client has said its last word
    pv_printf("answered %lu pings\n", rounds);
}

static void play(pv_evtchn_port_t port, uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        pv_event_send(port);
        if (!pv_event_wait_until(port, pv_time_ns() + PATIENCE_NS))
            pv_panic("no answer to ping %lu", i);
    }
    pv_printf("%lu pings, each answered\n", rounds);
    pv_event_send(port);
}

int pv_main(const char *command_line)
{
    char role[16], name[64];
    if (pv_option("role", role, sizeof role) < 0 || pv_option("peer", name, sizeof name) < 0)
        pv_panic("role= and peer= are needed, not \"%s\"", command_line);
    const uint64_t rounds = pv_option_number("rounds", 1000);
    const pv_domid_t peer = (pv_domid_t)must("finding the peer", pv_xs_find_domain(name, pv_time_ns() + PATIENCE_NS));
    if (pv_streq(role, "server"))
        serve(publish_port(peer), rounds);
    else
        play(bind_published_port(peer), rounds);
    return 0;
}
