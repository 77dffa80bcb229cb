// SPDX-License-Identifier: MIT
// Frames as only another guest sends them, and lwIP: with checksums left out, and TCP that nobody has cut into segments. The domain
// with role=server has lwIP; the one with role=asker makes frames by hand, and says what came of them.

#include <pv/error.h>
#include <pv/guest.h>
#include <pv/ip.h>
#include <pv/netfront.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#include <lwip/tcp.h>
#include <lwip/udp.h>

#define PATIENCE (20 * PV_SECOND_NS)
#define SERVER 0x0a090002
#define ASKER 0x0a090001
#define LARGE 40000
#define SEGMENT 1448

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: %s", what, pv_error_text(result));
    return result;
}

static uint8_t pattern(unsigned place)
{
    return (uint8_t)(place * 7 + place / 256);
}

// The server ------------------------------------------------------------------------------------------------------

static bool is_over;

static void echo(void *context, struct udp_pcb *socket, struct pbuf *datagram, const ip_addr_t *from, u16_t port)
{
    (void)context;
    is_over = pbuf_memcmp(datagram, 0, "quit", 4) == 0;
    udp_sendto(socket, datagram, from, port);
    pbuf_free(datagram);
}

static err_t received(void *context, struct tcp_pcb *pcb, struct pbuf *bytes, err_t error)
{
    static unsigned place;
    (void)context;
    (void)error;
    if (!bytes)
        return tcp_close(pcb);
    for (unsigned i = 0; i < bytes->tot_len; i++, place++)
        if (pbuf_get_at(bytes, (u16_t)i) != pattern(place))
            pv_panic("byte %u is not the one that was sent", place);
    tcp_recved(pcb, bytes->tot_len);
    pbuf_free(bytes);
    return ERR_OK;
}

static err_t accepted(void *context, struct tcp_pcb *pcb, err_t error)
{
    (void)context;
    (void)error;
    tcp_recv(pcb, received);
    return ERR_OK;
}

static int serve(void)
{
    ip4_addr_t address, mask;
    IP4_ADDR(&address, 10, 9, 0, 2);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    must("opening the interface", pv_ip_open(0));
    PV_ASSERT(pv_ip_open(0) == -PV_EBUSY);
    netif_set_addr(pv_ip_netif(), &address, &mask, NULL);
    struct udp_pcb *socket = udp_new();
    PV_ASSERT(socket && udp_bind(socket, IP_ANY_TYPE, 7) == ERR_OK);
    udp_recv(socket, echo, NULL);
    struct tcp_pcb *listener = tcp_new();
    PV_ASSERT(listener && tcp_bind(listener, IP_ANY_TYPE, 80) == ERR_OK);
    tcp_accept(tcp_listen(listener), accepted);
    const uint64_t deadline = pv_time_ns() + PATIENCE;
    while (!is_over)
        must("the asker", pv_ip_turn(deadline));
    return must("closing the interface", pv_ip_close());
}

// The asker -------------------------------------------------------------------------------------------------------

#define ETHERNET 14
#define L4 (ETHERNET + 20)
#define UDP_DATA (L4 + 8)
#define TCP_DATA (L4 + 20)
#define SYN 0x02
#define ACK 0x10

static struct pv_net *net;
static uint8_t frame[TCP_DATA + LARGE], heard[2048];

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

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

static unsigned sum(const uint8_t *at, unsigned size, unsigned so_far)
{
    for (unsigned i = 0; i < size; i += 2)
        so_far += get16(at + i);
    while (so_far >> 16)
        so_far = (so_far & 0xffff) + (so_far >> 16);
    return so_far;
}

// The headers but for that of UDP or TCP. `checksum` is where its checksum stands: what a sender leaves there that leaves it out.
static void write_headers(unsigned protocol, unsigned size, unsigned checksum)
{
    static const uint8_t server_mac[] = {2, 0, 0, 0, 0, 1};
    memset(frame, 0, L4);
    memcpy(frame, server_mac, 6);
    memcpy(frame + 6, pv_net_get_info(net)->mac, 6);
    put16(frame + 12, 0x0800);
    put16(frame + ETHERNET, 0x4500);
    put16(frame + ETHERNET + 2, size - ETHERNET);
    put16(frame + ETHERNET + 8, 64 << 8 | protocol);
    put32(frame + ETHERNET + 12, ASKER);
    put32(frame + ETHERNET + 16, SERVER);
    put16(frame + ETHERNET + 10, ~sum(frame + ETHERNET, 20, 0));
    put16(frame + checksum, sum(frame + ETHERNET + 12, 8, protocol + size - L4));
}

static void send(unsigned size, uint8_t flags, uint16_t segment_size)
{
    const struct pv_net_part part = {frame, size};
    struct pv_net_frame whole = {.parts = &part, .count = 1, .flags = flags, .segment_size = segment_size};
    must("sending", pv_net_submit(net, &whole));
    while (whole.status == PV_NET_UNDER_WAY)
        if (pv_net_poll(net) == 0)
            pv_net_wait(net, 0);
    must("a frame", whole.status);
}

static void send_datagram(const char *text, uint8_t flags)
{
    const unsigned size = UDP_DATA + (unsigned)pv_strlen(text);
    put16(frame + L4, 1000);
    put16(frame + L4 + 2, 7);
    put16(frame + L4 + 4, size - L4);
    memcpy(frame + UDP_DATA, text, size - UDP_DATA);
    write_headers(17, size, L4 + 6);
    send(size, flags, 0);
}

static void send_tcp(unsigned flags, uint32_t sequence, uint32_t acknowledged, unsigned length)
{
    put16(frame + L4, 1000);
    put16(frame + L4 + 2, 80);
    put32(frame + L4 + 4, sequence);
    put32(frame + L4 + 8, acknowledged);
    put16(frame + L4 + 12, 5 << 12 | flags);
    put16(frame + L4 + 14, 0xffff);
    for (unsigned i = 0; i < length; i++)
        frame[TCP_DATA + i] = pattern(i);
    write_headers(6, TCP_DATA + length, L4 + 16);
    send(TCP_DATA + length, PV_NET_CHECKSUM_BLANK, length > SEGMENT ? SEGMENT : 0);
}

static void answer_arp(void)
{
    memcpy(heard + 32, heard + 22, 10); // its addresses, now the target's
    memcpy(heard, heard + 6, 6);
    memcpy(heard + 6, pv_net_get_info(net)->mac, 6);
    put16(heard + 20, 2);
    memcpy(heard + 22, heard + 6, 6);
    put32(heard + 28, ASKER);
    must("answering", pv_net_send(net, heard, 42));
}

// Waits for a packet of the server's of this protocol; false at the deadline.
static bool hear(unsigned protocol, uint64_t deadline)
{
    for (;;) {
        if (pv_net_receive(net, heard, sizeof heard, deadline) < 0)
            return false;
        if (get16(heard + 12) == 0x0806 && get16(heard + 20) == 1 && get32(heard + 38) == ASKER)
            answer_arp();
        if (get16(heard + 12) == 0x0800 && heard[ETHERNET + 9] == protocol && get32(heard + ETHERNET + 12) == SERVER)
            return true;
    }
}

static void hear_datagram(const char *text)
{
    if (!hear(17, pv_time_ns() + PATIENCE) || memcmp(heard + UDP_DATA, text, pv_strlen(text)) != 0)
        pv_panic("\"%s\" does not come back", text);
}

static void datagrams(void)
{
    const uint64_t deadline = pv_time_ns() + PATIENCE;
    do // the server may not be there yet
        send_datagram("hello", PV_NET_CHECKSUM_BLANK);
    while (!hear(17, pv_time_ns() + 20 * PV_MILLISECOND_NS) && pv_time_ns() < deadline);
    while (hear(17, pv_time_ns() + 20 * PV_MILLISECOND_NS))
        ; // answers to earlier tries
    send_datagram("wrong", 0); // the same checksum, but meant
    send_datagram("blank", PV_NET_CHECKSUM_BLANK);
    hear_datagram("blank");
    send_datagram("valid", PV_NET_VALIDATED);
    hear_datagram("valid");
    pv_puts("datagrams: left out and vouched for are taken, wrong is not");
}

static void large_segment(void)
{
    const uint32_t begin = 5000;
    send_tcp(SYN, begin, 0, 0);
    if (!hear(6, pv_time_ns() + PATIENCE) || (heard[L4 + 13] & (SYN | ACK)) != (SYN | ACK))
        pv_panic("the server does not accept");
    const uint32_t theirs = get32(heard + L4 + 4) + 1;
    send_tcp(ACK, begin + 1, theirs, 0);
    send_tcp(ACK, begin + 1, theirs, LARGE);
    do
        if (!hear(6, pv_time_ns() + PATIENCE))
            pv_panic("the server has not taken it all, but up to %u", get32(heard + L4 + 8) - begin - 1);
    while (get32(heard + L4 + 8) != begin + 1 + LARGE);
    pv_printf("TCP: %u bytes in one are taken\n", LARGE);
}

static int ask(void)
{
    must("opening the interface", pv_net_open(0, 0, &net));
    datagrams();
    large_segment();
    send_datagram("quit", PV_NET_CHECKSUM_BLANK);
    return must("closing the interface", pv_net_close(net));
}

int pv_main(const char *command_line)
{
    return pv_streq(command_line, "role=server") ? serve() : ask();
}
