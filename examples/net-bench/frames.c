// SPDX-License-Identifier: MIT
// Frames written and read.
#include "bench.h"

#include <pv/string.h>

#define OUR_TYPE 0x88b5 // for experiments on one's own network
#define IPV4 0x0800

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void write_ethernet(uint8_t *frame, const uint8_t *to, unsigned type)
{
    memcpy(frame, to, PV_NET_MAC_SIZE);
    memcpy(frame + PV_NET_MAC_SIZE, pv_net_get_info(net)->mac, PV_NET_MAC_SIZE);
    put16(frame + 12, type);
}

void write_header(uint8_t *frame, const uint8_t *to, enum word word, uint32_t number)
{
    write_ethernet(frame, to, OUR_TYPE);
    put16(frame + 14, word);
    put32(frame + 16, number);
}

void write_tcp_frame(uint8_t *frame, unsigned size, const uint8_t *to)
{
    memset(frame, 0, TCP_HEADERS);
    write_ethernet(frame, to, IPV4);
    put16(frame + 14, 0x4500);
    put16(frame + 16, size - 14);
    put16(frame + 22, 64 << 8 | 6);
    put32(frame + 26, 0x0a000001);
    put32(frame + 30, 0x0a000002);
    frame[46] = 5 << 4; // words of the TCP header
}

struct heard read_header(const struct pv_net_received *frame)
{
    const uint8_t *at = frame->parts[0].data;
    struct heard heard = {.size = frame->size};
    if (frame->parts[0].size < HEADER)
        return heard;
    memcpy(heard.from, at + PV_NET_MAC_SIZE, PV_NET_MAC_SIZE);
    if (get16(at + 12) == IPV4)
        heard.word = DATA;
    if (get16(at + 12) != OUR_TYPE)
        return heard;
    heard.word = (enum word)get16(at + 14);
    heard.number = (uint32_t)get16(at + 16) << 16 | get16(at + 18);
    return heard;
}
