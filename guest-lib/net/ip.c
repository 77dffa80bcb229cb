// SPDX-License-Identifier: MIT
// lwIP's interface on one of pv/netfront.h, and its main loop.
//
// Frames are copied both ways. A frame of at most 1514 bytes costs less to copy than to grant, and nobody can say how long a
// connection keeps received bytes, while the pages that they came in are needed for the next ones.

#include <pv/ip.h>

#include <pv/netfront.h>
#include <pv/time.h>

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <pvabi/errno.h>

#include "random.h"

#define FRAMES_PER_TURN 64
#define MTU 1500

static struct pv_net *net; // null: not open
static struct netif interface;

u32_t sys_now(void)
{
    return (u32_t)(pv_time_ns() / PV_MILLISECOND_NS);
}

// Sending and receiving -------------------------------------------------------------------------------------------

static err_t send_frame(struct netif *netif, struct pbuf *chain)
{
    (void)netif;
    static uint8_t whole[PV_NET_COPIED];
    const void *frame = chain->payload;
    if (chain->tot_len > sizeof whole)
        return ERR_BUF;
    if (chain->next) {
        pbuf_copy_partial(chain, whole, chain->tot_len, 0);
        frame = whole;
    }
    const int result = pv_net_send(net, frame, chain->tot_len);
    return result == 0 ? ERR_OK : result == -PV_ENOMEM ? ERR_MEM : ERR_IF;
}

// To lwIP a packet of many segments is a long one. A checksum that was left out, or seen to be right, is not to be looked at:
// lwIP has that as a property of the interface, which therefore changes with each frame.
static void receive_frame(const struct pv_net_received *frame)
{
    struct pbuf *chain = frame->size <= UINT16_MAX ? pbuf_alloc(PBUF_RAW, (u16_t)frame->size, PBUF_POOL) : NULL;
    if (!chain)
        return; // lost, as on any wire
    u16_t offset = 0;
    for (unsigned i = 0; i < frame->count; i++) {
        pbuf_take_at(chain, frame->parts[i].data, (u16_t)frame->parts[i].size, offset);
        offset = (u16_t)(offset + frame->parts[i].size);
    }
    const bool is_right = (frame->flags & (PV_NET_CHECKSUM_BLANK | PV_NET_VALIDATED)) != 0;
    const unsigned unchecked = is_right ? NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP : 0;
    NETIF_SET_CHECKSUM_CTRL(&interface, (u16_t)(NETIF_CHECKSUM_ENABLE_ALL & ~unchecked));
    if (interface.input(chain, &interface) != ERR_OK)
        pbuf_free(chain);
}

static unsigned receive_frames(void)
{
    struct pv_net_received frame;
    unsigned count = 0;
    while (count < FRAMES_PER_TURN && pv_net_take(net, &frame)) {
        receive_frame(&frame);
        pv_net_release(net, &frame);
        count++;
    }
    return count;
}

// Coming and going ------------------------------------------------------------------------------------------------

static err_t describe(struct netif *netif)
{
    netif->name[0] = 'p';
    netif->name[1] = 'v';
    netif->mtu = MTU;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->hwaddr_len = PV_NET_MAC_SIZE;
    MEMCPY(netif->hwaddr, pv_net_get_info(net)->mac, PV_NET_MAC_SIZE);
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    return ERR_OK;
}

int pv_ip_open(uint32_t number)
{
    static bool is_prepared;
    if (net)
        return -PV_EBUSY;
    const int result = pv_net_open(number, 0, &net);
    if (result < 0)
        return result;
    if (!is_prepared) {
        pv_ip_random_prepare();
        lwip_init();
        is_prepared = true;
    }
    netif_add_noaddr(&interface, NULL, describe, ethernet_input);
    netif_set_default(&interface);
    netif_set_up(&interface);
    return 0;
}

struct netif *pv_ip_netif(void)
{
    return &interface;
}

int pv_ip_ask_address(uint64_t deadline_ns)
{
    if (dhcp_start(&interface) != ERR_OK)
        return -PV_ENOMEM;
    int result = 0;
    while (result == 0 && !dhcp_supplied_address(&interface))
        result = pv_ip_turn(deadline_ns);
    return dhcp_supplied_address(&interface) ? 0 : result;
}

int pv_ip_close(void)
{
    dhcp_release_and_stop(&interface);
    dhcp_cleanup(&interface);
    netif_remove(&interface);
    const int result = pv_net_close(net);
    net = NULL;
    return result;
}

// The main loop ---------------------------------------------------------------------------------------------------

// An interface that was switched off answers everything so; from one that was not, this is no frame.
static bool is_dead(void)
{
    return pv_net_submit_copy(net, NULL, 0) == -PV_EIO;
}

// When lwIP wants to be called next, or the deadline if that is earlier; 0: never.
static uint64_t next_due(uint64_t now_ns, uint64_t deadline_ns)
{
    const u32_t sleep_ms = sys_timeouts_sleeptime();
    if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        return deadline_ns;
    const uint64_t due_ns = now_ns + sleep_ms * PV_MILLISECOND_NS;
    return deadline_ns && deadline_ns < due_ns ? deadline_ns : due_ns;
}

int pv_ip_turn(uint64_t deadline_ns)
{
    const unsigned received = receive_frames();
    pv_net_poll(net);
    sys_check_timeouts();
    if (is_dead())
        return -PV_EIO;
    const uint64_t now_ns = pv_time_ns();
    if (deadline_ns && now_ns >= deadline_ns)
        return -PV_ETIMEDOUT;
    if (received == 0)
        pv_net_wait(net, next_due(now_ns, deadline_ns));
    return 0;
}
