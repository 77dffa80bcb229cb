// SPDX-License-Identifier: MIT
// A guest that is a host on the network, with as little of one as it takes: it answers ARP and pings, sends UDP datagrams to port 7
// back to whoever sent them, and ends with status 0 when one says "quit", or when the gateway refuses what it asked for. Frames are read as they come: no checksum is looked at.
// Options: ip=A (10.0.2.15 as a number), ask=PORT: asks the gateway at this port first and prints what it answers, flood=N: sends
// it N datagrams instead, each from another port.

#include <pv/guest.h>
#include <pv/netfront.h>
#include <pv/string.h>
#include <pv/time.h>

#define IP_DEFAULT 0x0a00020fu
#define GATEWAY_HOST 2u // the last byte of its address
#define ECHO_PORT 7
#define ASK_PORT 9

enum { TYPE = 12, ARP = 14, IP = 14, L4 = 34, DATA = 42 };

static struct pv_net *net;
static uint32_t own_ip;
static uint8_t frame[PV_NET_COPIED];
static unsigned ask_port, flood;

static unsigned get16(unsigned at)
{
    return (unsigned)frame[at] << 8 | frame[at + 1];
}

static uint32_t get32(unsigned at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(unsigned at, unsigned value)
{
    frame[at] = (uint8_t)(value >> 8);
    frame[at + 1] = (uint8_t)value;
}

static void put32(unsigned at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static void send(unsigned size)
{
    const int result = pv_net_send(net, frame, size < 60 ? 60 : size);
    if (result < 0)
        pv_panic("sending: error %d", -result);
}

// To whoever the frame came from.
static void send_back(unsigned size)
{
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, pv_net_get_info(net)->mac, 6);
    send(size);
}

// The sum that IP and ICMP have over their bytes.
static unsigned sum(unsigned at, unsigned size)
{
    uint32_t total = 0;
    for (unsigned i = 0; i < size; i += 2)
        total += (unsigned)frame[at + i] << 8 | (i + 1 < size ? frame[at + i + 1] : 0);
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static void write_ip_header(uint32_t to, unsigned protocol, unsigned payload)
{
    put16(TYPE, 0x0800);
    put16(IP, 0x4500);
    put16(IP + 2, 20 + payload);
    put32(IP + 4, 0);
    put16(IP + 8, 64 << 8 | protocol);
    put16(IP + 10, 0);
    put32(IP + 12, own_ip);
    put32(IP + 16, to);
    put16(IP + 10, sum(IP, 20));
}

static void ask_for(uint32_t ip)
{
    memset(frame, 0xff, 6);
    memcpy(frame + 6, pv_net_get_info(net)->mac, 6);
    put16(TYPE, 0x0806);
    put16(ARP, 1);
    put16(ARP + 2, 0x0800);
    put16(ARP + 4, 6 << 8 | 4);
    put16(ARP + 6, 1);
    memcpy(frame + ARP + 8, frame + 6, 6);
    put32(ARP + 14, own_ip);
    memset(frame + ARP + 18, 0, 6);
    put32(ARP + 24, ip);
    send(ARP + 28);
}

// To the gateway, whose address the frame has as its source.
static void ask(unsigned own_port)
{
    write_ip_header((own_ip & ~0xffu) | GATEWAY_HOST, 17, 8 + 5);
    put16(L4, own_port);
    put16(L4 + 2, ask_port);
    put16(L4 + 4, 8 + 5);
    put16(L4 + 6, 0);
    memcpy(frame + DATA, "hello", 5);
    send_back(DATA + 5);
}

static void ask_all(void)
{
    uint8_t gateway[6];
    memcpy(gateway, frame + 6, 6);
    for (unsigned i = 0; i <= flood; i++) {
        memcpy(frame + 6, gateway, 6);
        ask(ASK_PORT + i);
    }
    if (flood)
        pv_puts("flooded");
    ask_port = 0;
}

static void answer_arp(void)
{
    if (get16(ARP + 6) == 2 && ask_port) { // the gateway: now it can be asked
        ask_all();
        return;
    }
    if (get16(ARP + 6) != 1 || get32(ARP + 24) != own_ip)
        return;
    const uint32_t asker = get32(ARP + 14);
    put16(ARP + 6, 2);
    memcpy(frame + ARP + 18, frame + ARP + 8, 6);
    put32(ARP + 24, asker);
    memcpy(frame + ARP + 8, pv_net_get_info(net)->mac, 6);
    put32(ARP + 14, own_ip);
    send_back(ARP + 28);
}

static void answer_ping(unsigned size)
{
    if (frame[L4] != 8)
        return;
    write_ip_header(get32(IP + 12), 1, size - L4);
    put16(L4, 0);
    put16(L4 + 2, 0);
    put16(L4 + 2, sum(L4, size - L4));
    send_back(size);
}

// True when it says that this is the end.
static bool answer_udp(unsigned size)
{
    const unsigned from = get16(L4), to = get16(L4 + 2), length = size - DATA;
    if (to == ASK_PORT) {
        frame[size] = '\0';
        pv_printf("the gateway says: %s\n", (char *)frame + DATA);
    }
    if (to != ECHO_PORT)
        return false;
    const bool ends = length == 4 && memcmp(frame + DATA, "quit", 4) == 0;
    write_ip_header(get32(IP + 12), 17, 8 + length);
    put16(L4, to);
    put16(L4 + 2, from);
    put16(L4 + 6, 0); // no checksum
    send_back(size);
    return ends;
}

static bool answer(unsigned size)
{
    if (get16(TYPE) == 0x0806 && size >= ARP + 28)
        answer_arp();
    if (get16(TYPE) != 0x0800 || size < DATA || frame[IP] != 0x45 || get32(IP + 16) != own_ip || 14 + get16(IP + 2) > size)
        return false;
    size = 14 + get16(IP + 2); // without padding
    if (frame[IP + 9] == 1)
        answer_ping(size);
    if (frame[IP + 9] == 1 && frame[L4] == 3) {
        pv_puts("the gateway refuses");
        return true;
    }
    return frame[IP + 9] == 17 && size >= DATA && answer_udp(size);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    own_ip = (uint32_t)pv_option_number("ip", IP_DEFAULT);
    ask_port = (unsigned)pv_option_number("ask", 0);
    flood = (unsigned)pv_option_number("flood", 0);
    int size = pv_net_open(0, 0, &net);
    if (size < 0)
        pv_panic("the interface: error %d", -size);
    if (ask_port)
        ask_for((own_ip & ~0xffu) | GATEWAY_HOST);
    pv_puts("ready");
    bool ended = false;
    while (!ended) {
        size = pv_net_receive(net, frame, sizeof frame - 1, pv_time_ns() + PV_SECOND_NS / 2);
        if (size >= 0)
            ended = size < (int)sizeof frame && answer((unsigned)size);
        if (!pv_net_has_carrier(net)) {
            pv_puts("the wire is cut");
            return 3;
        }
    }
    return pv_net_close(net);
}
