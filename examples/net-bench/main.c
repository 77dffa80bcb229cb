// SPDX-License-Identifier: MIT
// How fast frames go from one guest to another. Two domains on one switch: role=sink takes frames, role=source sends them and prints
// what it measured: the round trip of a small frame, then frames of 64 and 1500 bytes, and TCP of 64 KiB that is not cut into
// segments. Options: role=, rounds=N round trips, frames=N frames of each of the small sizes (large ones: a tenth).
//
// So that none is lost, the sink says now and then how many it has, and the source keeps a bounded number ahead of it.

#include "bench.h"

#include <pv/guest.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#define PATIENCE_NS (20 * PV_SECOND_NS)
#define SEGMENT 1448
#define LARGE_FRAME (TCP_HEADERS + 45 * SEGMENT)
#define RX_PAGES PV_NETIF_RX_RING_ENTRIES

struct pv_net *net;
static uint8_t peer[PV_NET_MAC_SIZE];
static uint8_t small[PV_NET_COPIED];
static uint8_t *large;

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: error %d", what, -result);
    return result;
}

static void say(enum word word, uint32_t number, unsigned size)
{
    write_header(small, peer, word, number);
    must("sending", pv_net_send(net, small, size));
}

// The next frame of ours; its pages are given back at once.
static struct heard hear(uint64_t deadline_ns)
{
    for (;;) {
        struct pv_net_received frame;
        while (!pv_net_take(net, &frame)) {
            pv_net_poll(net);
            if (!pv_net_wait(net, deadline_ns))
                return (struct heard){.word = SILENCE};
        }
        const struct heard heard = read_header(&frame);
        pv_net_release(net, &frame);
        if (heard.word != SILENCE)
            return heard;
    }
}

static struct heard hear_or_fail(void)
{
    const struct heard heard = hear(pv_time_ns() + PATIENCE_NS);
    if (heard.word == SILENCE)
        pv_panic("the other side has gone silent");
    return heard;
}

// The sink ----------------------------------------------------------------------------------------------------

static void sink(void)
{
    uint32_t count = 0, report_every = 1;
    for (;;) {
        const struct heard heard = hear_or_fail();
        memcpy(peer, heard.from, sizeof peer);
        switch (heard.word) {
        case HELLO: say(HELLO, 0, HEADER); break;
        case PING: say(PING, heard.number, heard.size); break;
        case BEGIN: count = 0, report_every = heard.number; break;
        case DATA:
            if (++count % report_every == 0)
                say(COUNT, count, HEADER);
            break;
        case BYE: return;
        default: break;
        }
    }
}

// The source --------------------------------------------------------------------------------------------------

static void find_sink(void)
{
    for (unsigned tries = 0; tries < 2000; tries++) {
        memset(peer, 0xff, sizeof peer);
        say(HELLO, 0, HEADER);
        const struct heard heard = hear(pv_time_ns() + 10 * PV_MILLISECOND_NS);
        if (heard.word == HELLO) {
            memcpy(peer, heard.from, sizeof peer);
            return;
        }
    }
    pv_panic("there is no sink");
}

static void round_trips(uint32_t rounds)
{
    const uint64_t begin = pv_time_ns();
    for (uint32_t i = 1; i <= rounds; i++) {
        say(PING, i, 64);
        while (hear_or_fail().number != i)
            ;
    }
    pv_printf("round trip of 64 bytes: %lu ns\n", (pv_time_ns() - begin) / rounds);
}

static int submit(unsigned size, struct pv_net_frame *frame)
{
    if (size <= PV_NET_COPIED)
        return pv_net_submit_copy(net, small, size);
    return frame->status == PV_NET_UNDER_WAY ? -PV_EAGAIN : pv_net_submit(net, frame);
}

// As many large frames as have room on the ring are under way at a time, all of the same bytes.
static void send_all(unsigned size, uint32_t count, uint32_t window)
{
    static struct pv_net_frame frames[PV_NETIF_TX_RING_ENTRIES];
    const struct pv_net_part part = {large, size};
    for (unsigned i = 0; i < window; i++)
        frames[i] = (struct pv_net_frame){.parts = &part, .count = 1, .flags = PV_NET_CHECKSUM_BLANK, .segment_size = SEGMENT};
    uint32_t sent = 0, arrived = 0;
    while (arrived < count) {
        while (sent < count && sent - arrived < window) {
            const int result = submit(size, &frames[sent % window]);
            if (result == -PV_EAGAIN)
                break;
            must("sending", result);
            sent++;
        }
        pv_net_poll(net);
        struct pv_net_received frame;
        bool heard_one = false;
        while (pv_net_take(net, &frame)) {
            const struct heard heard = read_header(&frame);
            pv_net_release(net, &frame);
            if (heard.word == COUNT)
                arrived = heard.number;
            heard_one = true;
        }
        if (!heard_one && !pv_net_wait(net, pv_time_ns() + PATIENCE_NS))
            pv_panic("%u of %u frames have arrived, and no more", arrived, sent);
    }
}

static void throughput(unsigned size, uint32_t count)
{
    const uint32_t slots = (size + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE + (size > PV_NET_COPIED);
    const uint32_t report_every = slots == 1 ? 64 : 3;
    const uint32_t window = 4 * report_every;
    count -= count % report_every;
    say(BEGIN, report_every, HEADER);
    write_header(small, peer, DATA, 0);
    write_tcp_frame(large, size, peer);
    const uint64_t begin = pv_time_ns();
    send_all(size, count, window);
    const uint64_t time = pv_time_ns() - begin;
    const uint64_t bits = (uint64_t)size * count * 8;
    pv_printf("%u-byte frames: %lu ns each, %lu frames/s, %lu Mb/s\n", size, time / count, count * PV_SECOND_NS / time,
              bits * 1000 / time);
}

static void source(void)
{
    const uint32_t frames = (uint32_t)pv_option_number("frames", 1000000);
    find_sink();
    round_trips((uint32_t)pv_option_number("rounds", 100000));
    throughput(64, frames);
    throughput(1500, frames);
    throughput(LARGE_FRAME, frames / 10);
    say(BYE, 0, HEADER);
}

int pv_main(const char *command_line)
{
    char role[16];
    if (pv_option("role", role, sizeof role) < 0)
        pv_panic("role= is needed, not \"%s\"", command_line);
    large = pv_pages_alloc(pv_order_for(LARGE_FRAME));
    PV_ASSERT(large);
    must("opening the interface", pv_net_open(0, RX_PAGES, &net));
    if (pv_streq(role, "sink"))
        sink();
    else
        source();
    must("closing the interface", pv_net_close(net));
    return 0;
}
