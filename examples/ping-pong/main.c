// SPDX-License-Identifier: MIT
// Two domains send Ethernet frames to each other over a switch, in turn. The one with role=server answers; the other asks whoever
// is there, by a broadcast, and plays with the first who answers. Options: role=server or role=client, rounds=N, size=N bytes.

#include <pv/guest.h>
#include <pv/netfront.h>
#include <pv/string.h>
#include <pv/time.h>

#define PATIENCE_NS (10 * PV_SECOND_NS)
#define ETHERTYPE 0x88b5 // for experiments on one's own network

struct ping {
    uint8_t to[PV_NET_MAC_SIZE], from[PV_NET_MAC_SIZE];
    uint8_t ethertype[2];
    uint8_t word[2]; // "hi", "ok": who is there; "ping", "pong"; "bye"
    uint32_t round;
} __attribute__((packed));

static uint8_t buffer[PV_NET_COPIED];
static struct ping *const ping = (struct ping *)buffer;

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: error %d", what, -result);
    return result;
}

static void send(struct pv_net *net, const uint8_t *to, const char *word, uint32_t round, unsigned size)
{
    uint8_t peer[PV_NET_MAC_SIZE];
    memcpy(peer, to, sizeof peer); // it may lie in the buffer
    memset(buffer, 0, size);
    memcpy(ping->to, peer, sizeof peer);
    memcpy(ping->from, pv_net_get_info(net)->mac, sizeof ping->from);
    ping->ethertype[0] = ETHERTYPE >> 8;
    ping->ethertype[1] = ETHERTYPE & 0xff;
    memcpy(ping->word, word, sizeof ping->word);
    ping->round = round;
    must("sending", pv_net_send(net, buffer, size));
}

// The next frame that is one of ours, or -PV_ETIMEDOUT.
static int receive(struct pv_net *net, uint64_t deadline_ns)
{
    int size;
    do
        size = pv_net_receive(net, buffer, sizeof buffer, deadline_ns);
    while (size >= 0 && (size < (int)sizeof *ping || ping->ethertype[0] != ETHERTYPE >> 8 || ping->ethertype[1] != (ETHERTYPE & 0xff)));
    return size;
}

static bool says(const char *word)
{
    return memcmp(ping->word, word, sizeof ping->word) == 0;
}

static void serve(struct pv_net *net)
{
    uint32_t answered = 0;
    for (;;) {
        const int size = must("waiting for the client", receive(net, pv_time_ns() + PATIENCE_NS));
        if (says("by"))
            break;
        answered += says("pi");
        send(net, ping->from, says("hi") ? "ok" : "po", ping->round, (unsigned)size);
    }
    pv_printf("answered %u pings of %u bytes\n", answered, (unsigned)pv_option_number("size", 64));
}

// The server may not be there yet.
static void find_server(struct pv_net *net, uint8_t *server)
{
    static const uint8_t everybody[PV_NET_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    for (unsigned tries = 0; tries < 1000; tries++) {
        send(net, everybody, "hi", 0, sizeof *ping);
        if (receive(net, pv_time_ns() + 10 * PV_MILLISECOND_NS) >= 0 && says("ok")) {
            memcpy(server, ping->from, PV_NET_MAC_SIZE);
            return;
        }
    }
    pv_panic("nobody answers");
}

static void play(struct pv_net *net, uint32_t rounds, unsigned size)
{
    uint8_t server[PV_NET_MAC_SIZE];
    find_server(net, server);
    for (uint32_t round = 1; round <= rounds; round++) {
        send(net, server, "pi", round, size);
        do
            must("waiting for the answer", receive(net, pv_time_ns() + PATIENCE_NS));
        while (says("ok")); // an answer to an earlier question of ours
        if (!says("po") || ping->round != round)
            pv_panic("the answer to ping %u is %u", round, ping->round);
    }
    send(net, server, "by", 0, sizeof *ping);
    pv_printf("%u pings, each answered\n", rounds);
}

int pv_main(const char *command_line)
{
    char role[16];
    if (pv_option("role", role, sizeof role) < 0)
        pv_panic("role= is needed, not \"%s\"", command_line);
    const unsigned size = (unsigned)pv_option_number("size", 64);
    PV_ASSERT(size >= sizeof *ping && size <= sizeof buffer);
    struct pv_net *net;
    must("opening the interface", pv_net_open(0, 0, &net));
    if (pv_streq(role, "server"))
        serve(net);
    else
        play(net, (uint32_t)pv_option_number("rounds", 1000), size);
    pv_net_close(net);
    return 0;
}
