// SPDX-License-Identifier: MIT
// net-frames: frames of every size go over the switch to an echo and come back as they were sent: copied and in place, in one
// part and in many, through one interface and two, waited for and a ringful at a time; and what is no frame is refused before it reaches the ring.
//
// The echo sends each frame back in the pages that it was received in.

#include "report.h"

#include <pv/netfront.h>
#include <pv/pages.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#define PATIENCE (pv_time_ns() + 20 * PV_SECOND_NS)
#define HEADER 14
#define FRAME_ORDER 5 // 128 KiB: the largest frame and what it starts with in its page
#define PAGES 200

static const uint8_t echo_mac[PV_NET_MAC_SIZE] = {2, 0, 0, 0, 0, 1};
static const uint8_t ask_mac[PV_NET_MAC_SIZE] = {2, 0, 0, 0, 0, 2};
static const uint8_t end_mark[2] = {0x88, 0xb6}; // else 0x88, 0xb5

static struct pv_net *net;
static uint8_t *out, *back; // frames sent and received

static void make_frame(uint8_t *frame, size_t size, unsigned seed)
{
    memcpy(frame, echo_mac, PV_NET_MAC_SIZE);
    memcpy(frame + PV_NET_MAC_SIZE, ask_mac, PV_NET_MAC_SIZE);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    for (size_t i = HEADER; i < size; i++)
        frame[i] = (uint8_t)(seed + i * 11 + (i >> 8));
}

// Waits for a frame, and compares it with what was sent.
static void expect_back(const uint8_t *frame, size_t size)
{
    CHECK_EQUAL(pv_net_receive(net, back, (size_t)PV_PAGE_SIZE << FRAME_ORDER, PATIENCE), (int)size);
    CHECK(memcmp(back + 2 * PV_NET_MAC_SIZE, frame + 2 * PV_NET_MAC_SIZE, size - 2 * PV_NET_MAC_SIZE) == 0);
    CHECK(memcmp(back, ask_mac, PV_NET_MAC_SIZE) == 0);
}

// The echo connects at its own time; what is sent before is lost.
static void wait_for_echo(void)
{
    const uint64_t deadline = PATIENCE;
    int size;
    do {
        make_frame(out, HEADER, 0);
        CHECK_EQUAL(pv_net_send(net, out, HEADER), 0);
        size = pv_net_receive(net, back, PV_PAGE_SIZE, pv_time_ns() + 5 * PV_MILLISECOND_NS);
    } while (size < 0 && pv_time_ns() < deadline);
    CHECK_EQUAL(size, HEADER);
    while (pv_net_receive(net, back, PV_PAGE_SIZE, pv_time_ns() + 20 * PV_MILLISECOND_NS) >= 0)
        ; // answers to earlier tries
}

static void every_size(void)
{
    static const size_t sizes[] = {HEADER, 15, 59, 60, 64, 1514, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 9014, 40000, 65535};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned offset = 0; offset < 3; offset++) {
            uint8_t *frame = out + offset * 1000;
            make_frame(frame, sizes[i], i + offset);
            CHECK_EQUAL(pv_net_send(net, frame, sizes[i]), 0);
            expect_back(frame, sizes[i]);
        }
}

static unsigned done;

static void count(struct pv_net_frame *frame)
{
    CHECK_EQUAL(frame->status, 0);
    done++;
}

static void finish(const struct pv_net_frame *frame)
{
    while (frame->status == PV_NET_UNDER_WAY)
        if (pv_net_poll(net) == 0)
            pv_net_wait(net, PATIENCE);
}

// As many parts as a packet may have slots, one of them empty, cut in the middle of the header.
static void many_parts(void)
{
    struct pv_net_part parts[PV_NETIF_NR_SLOTS_MIN + 1];
    const unsigned last = PV_NETIF_NR_SLOTS_MIN;
    make_frame(out, 10 * last, 3);
    for (unsigned i = 0; i < last; i++)
        parts[i] = (struct pv_net_part){out + 10 * i, 10};
    parts[last] = (struct pv_net_part){NULL, 0};
    struct pv_net_frame frame = {.parts = parts, .count = last + 1, .done = count};
    CHECK_EQUAL(pv_net_submit(net, &frame), 0);
    finish(&frame);
    expect_back(out, 10 * last);
    CHECK_EQUAL(done, 1);

    parts[last] = (struct pv_net_part){out, 1};
    CHECK_EQUAL(pv_net_submit(net, &frame), -PV_E2BIG);
}

// A ringful before the first is waited for.
static void ringful(void)
{
    for (unsigned i = 0; i < PV_NETIF_TX_RING_ENTRIES / 4; i++) {
        make_frame(out, 200 + i, i);
        CHECK_EQUAL(pv_net_submit_copy(net, out, 200 + i), 0);
    }
    for (unsigned i = 0; i < PV_NETIF_TX_RING_ENTRIES / 4; i++) {
        make_frame(out, 200 + i, i);
        expect_back(out, 200 + i);
    }
}

static void refusals(void)
{
    make_frame(out, 100, 0);
    CHECK_EQUAL(pv_net_send(net, out, HEADER - 1), -PV_EINVAL);
    CHECK_EQUAL(pv_net_send(net, out, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_net_send(net, out, PV_NET_MAX_FRAME + 1), -PV_E2BIG);
    CHECK_EQUAL(pv_net_submit_copy(net, out, PV_NET_COPIED + 1), -PV_E2BIG);
    CHECK_EQUAL(pv_net_receive(net, back, 100, pv_time_ns() + PV_MILLISECOND_NS), -PV_ETIMEDOUT);
    struct pv_net *other;
    CHECK_EQUAL(pv_net_open(2, 0, &other), -PV_ENOENT);
    CHECK_EQUAL(pv_net_open(0, PV_NET_MIN_PAGES - 1, &other), -PV_EINVAL);

    make_frame(out, 1000, 5); // more than there is room for
    CHECK_EQUAL(pv_net_send(net, out, 1000), 0);
    memset(back, 0, 200);
    CHECK_EQUAL(pv_net_receive(net, back, 100, PATIENCE), 1000);
    CHECK(back[99] == out[99] && back[100] == 0);
}

// A frame from the domain's second interface reaches its first, and no frame of the first's reaches the second.
static void two_interfaces(void)
{
    struct pv_net *second;
    CHECK_EQUAL(pv_net_open(1, PV_NET_MIN_PAGES, &second), 0);
    make_frame(out, 100, 9);
    memcpy(out, ask_mac, PV_NET_MAC_SIZE);
    memcpy(out + PV_NET_MAC_SIZE, pv_net_get_info(second)->mac, PV_NET_MAC_SIZE);
    CHECK_EQUAL(pv_net_send(second, out, 100), 0);
    CHECK_EQUAL(pv_net_receive(net, back, PV_PAGE_SIZE, PATIENCE), 100);
    CHECK(memcmp(back, out, 100) == 0);
    make_frame(out, 100, 9);
    CHECK_EQUAL(pv_net_send(net, out, 100), 0);
    expect_back(out, 100);
    CHECK_EQUAL(pv_net_receive(second, back, PV_PAGE_SIZE, pv_time_ns() + PV_MILLISECOND_NS), -PV_ETIMEDOUT);
    CHECK_EQUAL(pv_net_close(second), 0);
}

static int ask(void)
{
    wait_for_echo();
    two_interfaces();
    every_size();
    many_parts();
    ringful();
    refusals();
    make_frame(out, HEADER, 0);
    memcpy(out + 12, end_mark, sizeof end_mark);
    CHECK_EQUAL(pv_net_send(net, out, HEADER), 0);
    CHECK_EQUAL(pv_net_close(net), 0);
    return report_end();
}

// Sends what was received back, from where it is.
static void send_back(const struct pv_net_received *received)
{
    uint8_t *header = (uint8_t *)(uintptr_t)received->parts[0].data; // the page is ours until it is released
    memcpy(header, ask_mac, PV_NET_MAC_SIZE);
    memcpy(header + PV_NET_MAC_SIZE, echo_mac, PV_NET_MAC_SIZE);
    struct pv_net_frame frame = {.parts = received->parts, .count = received->count};
    CHECK_EQUAL(pv_net_submit(net, &frame), 0);
    finish(&frame);
    CHECK_EQUAL(frame.status, 0);
}

static int echo(void)
{
    const uint64_t deadline = PATIENCE;
    for (;;) {
        struct pv_net_received received;
        while (!pv_net_take(net, &received))
            if (!pv_net_wait(net, deadline))
                report_error("the asker has said nothing for too long", 0);
        const uint8_t *header = received.parts[0].data;
        const bool ends = memcmp(header + 12, end_mark, sizeof end_mark) == 0;
        if (!ends)
            send_back(&received);
        pv_net_release(net, &received);
        if (ends)
            break;
    }
    CHECK_EQUAL(pv_net_close(net), 0);
    return report_end();
}

int pv_main(const char *role)
{
    uint32_t numbers[2];
    const bool asks = pv_streq(role, "ask");
    CHECK_EQUAL(pv_net_list(numbers, 2), asks ? 2 : 1);
    CHECK_EQUAL(numbers[0], 0);
    out = pv_pages_alloc(FRAME_ORDER);
    back = pv_pages_alloc(FRAME_ORDER);
    PV_ASSERT(out && back);
    const int result = pv_net_open(0, PAGES, &net);
    if (result < 0)
        report_error("opening the interface", result);
    CHECK(pv_net_has_carrier(net));
    CHECK(memcmp(pv_net_get_info(net)->mac, asks ? ask_mac : echo_mac, PV_NET_MAC_SIZE) == 0);
    return asks ? ask() : echo();
}
