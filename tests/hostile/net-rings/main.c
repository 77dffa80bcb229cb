// SPDX-License-Identifier: MIT
// net-rings: a front end of its own that writes impossible indices, senseless packets and pages that are not its own, and then floods
// everybody on the switch.
//
// A packet that is refused gets an error and the interface goes on; one that no front end could mean, or a senseless index, switches
// the interface off until it is connected anew. The other domain, which is on the same switch with an interface that nobody listens
// to, goes on with its disk.

#include "front_end.h"

#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/netfront.h>
#include <pv/pages.h>

#include <pvabi/io/ring.h>

#define RING_SIZE PV_NETIF_TX_RING_ENTRIES

static struct pv_netif_tx_sring *tx;
static struct pv_netif_rx_sring *rx;
static uint8_t *data;
static int tx_grant, rx_grant, data_grant;
static uint32_t produced;

static void start(void)
{
    memset(tx, 0, PV_PAGE_SIZE);
    memset(rx, 0, PV_PAGE_SIZE);
    tx->header.req_event = tx->header.rsp_event = 1;
    rx->header.req_event = rx->header.rsp_event = 1;
    produced = 0;
    begin_connecting();
    write_number("tx-ring-ref", tx_grant);
    write_number("rx-ring-ref", rx_grant);
    write_number("request-rx-copy", 1);
    connect();
}

static void put(int grant, unsigned offset, unsigned flags, unsigned size)
{
    tx->ring[produced % RING_SIZE].req = (struct pv_netif_tx_request){
        .gref = (pv_grant_ref_t)grant, .offset = (uint16_t)offset, .flags = (uint16_t)flags, .id = (uint16_t)produced, .size = (uint16_t)size};
    produced++;
}

static void put_extra(unsigned type, unsigned flags, unsigned size, unsigned gso)
{
    tx->ring[produced++ % RING_SIZE].extra = (struct pv_netif_extra_info){
        .type = (uint8_t)type, .flags = (uint8_t)flags, .u.gso = {.size = (uint16_t)size, .type = (uint8_t)gso}};
}

static void push(void)
{
    tx->header.rsp_event = produced;
    PV_WRITE_ONCE(tx->header.req_prod, produced);
    ring_bell();
}

// The packet of `slots` that was put is answered with this status.
static void answered(unsigned slots, int status)
{
    push();
    const uint64_t deadline = PATIENCE;
    while (PV_READ_ONCE(tx->header.rsp_prod) != produced)
        if (!pv_event_wait_until((pv_evtchn_port_t)port, deadline))
            report_error("no answer", produced);
    for (uint32_t i = produced - slots; i != produced; i++)
        if (tx->ring[i % RING_SIZE].rsp.status != PV_NETIF_RSP_NULL)
            CHECK_EQUAL(tx->ring[i % RING_SIZE].rsp.status, status);
}

static void switched_off(void)
{
    push();
    await_backend(PV_XENBUS_STATE_CLOSING);
    push(); // too late
    stop();
    start();
}

static void check_indices(void)
{
    static const uint32_t beyond[] = {RING_SIZE + 1, (uint32_t)-1, 0x80000000, 1000};
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        put(data_grant, 0, 0, 60);
        answered(1, PV_NETIF_RSP_OKAY);
        produced += beyond[i];
        switched_off();
    }
}

static void check_refused(void)
{
    static const unsigned short_sizes[] = {0, 1, 13};
    for (unsigned i = 0; i < sizeof short_sizes / sizeof short_sizes[0]; i++) {
        put(data_grant, 0, 0, short_sizes[i]);
        answered(1, PV_NETIF_RSP_ERROR);
    }
    for (unsigned slots = 17; slots <= 19; slots++) {
        put(data_grant, 0, PV_NETTXF_MORE_DATA, 60);
        for (unsigned i = 2; i <= slots; i++)
            put(data_grant, 0, i < slots ? PV_NETTXF_MORE_DATA : 0, i % 3); // parts of no length among them
        answered(slots, slots == 19 ? PV_NETIF_RSP_ERROR : PV_NETIF_RSP_OKAY);
    }
    put(data_grant, 0, PV_NETTXF_MORE_DATA, 100); // parts that are more than the whole
    put(data_grant, 0, 0, 101);
    answered(2, PV_NETIF_RSP_ERROR);
    for (unsigned i = 0; i < 100; i++) {
        put(0xffffff00 + (int)i, 0, 0, 60);
        answered(1, PV_NETIF_RSP_ERROR);
        put(data_grant, 0, PV_NETTXF_CSUM_BLANK, 60); // of no packet that has one
        answered(1, PV_NETIF_RSP_ERROR);
        put(data_grant, 0, PV_NETTXF_EXTRA_INFO, 60);
        put_extra(PV_NETIF_EXTRA_TYPE_GSO, 0, 1 + i * 600, PV_NETIF_GSO_TYPE_TCPV4);
        answered(2, PV_NETIF_RSP_ERROR);
    }
    data[6] = 2; // the victim's address
    data[11] = 2;
    put(data_grant, 0, 0, 60);
    answered(1, PV_NETIF_RSP_ERROR);
    data[11] = 1;
    put(data_grant, 0, 0, 60);
    answered(1, PV_NETIF_RSP_OKAY);
}

static void check_broken(void)
{
    put(data_grant, 4037, 0, 60);
    switched_off();
    put(data_grant, 0xffff, 0, 0xffff);
    switched_off();
    put(data_grant, 0, PV_NETTXF_MORE_DATA, 60);
    switched_off();
    for (unsigned i = 0; i < 25; i++)
        put(data_grant, 0, PV_NETTXF_MORE_DATA, 60);
    switched_off();
    put(data_grant, 0, PV_NETTXF_EXTRA_INFO, 60);
    put_extra(255, 0, 0, 0);
    switched_off();
    put(data_grant, 0, PV_NETTXF_EXTRA_INFO, 60);
    put_extra(PV_NETIF_EXTRA_TYPE_GSO, 0, 0, PV_NETIF_GSO_TYPE_TCPV4);
    switched_off();
}

// Frames to everybody as fast as the ring takes them, also with another source address each.
static void flood(void)
{
    for (unsigned batch = 0; batch < 400; batch++) {
        for (unsigned i = 0; i < RING_SIZE; i++)
            put(data_grant, 0, 0, i % 2 ? 60 : 4096);
        data[8] = (uint8_t)(batch >> 8);
        data[9] = (uint8_t)batch;
        answered(RING_SIZE, PV_NETIF_RSP_OKAY);
    }
}

static int attack(void)
{
    must("finding the interface", pv_xenbus_find("vif", 0, &device));
    tx = pv_page_alloc();
    rx = pv_page_alloc();
    data = pv_page_alloc();
    memset(data, 0, PV_PAGE_SIZE);
    memset(data, 0xff, 6);
    data[6] = 2;
    data[11] = 1;
    tx_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(tx), false));
    rx_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(rx), false));
    data_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(data), true));
    port = must("making a port", pv_event_alloc_unbound(0));
    start();
    check_indices();
    check_refused();
    check_broken();
    flood();
    stop();
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)data_grant), 0); // nothing is in use any more
    struct pv_net *net;
    CHECK_EQUAL(pv_net_open(0, 0, &net), 0); // and an honest front end finds it as new
    CHECK_EQUAL(pv_net_send(net, data, 60), 0);
    CHECK_EQUAL(pv_net_close(net), 0);
    return report_end();
}

int pv_main(const char *role)
{
    if (pv_streq(role, "attack"))
        return hostile_main(role, attack);
    struct pv_net *net; // connected, and never looked at: what comes fills its pages
    must("opening the interface", pv_net_open(0, 0, &net));
    return hostile_main(role, attack);
}
