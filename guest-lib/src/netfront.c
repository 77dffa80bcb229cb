// SPDX-License-Identifier: MIT
// Connecting to a network interface and leaving it, through xenbus.

#include "netfront.h"

#include <pv/heap.h>
#include <pv/printf.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#define DEFAULT_PAGES 64
#define MAX_UNSCATTERED 1514 // of a back end that takes frames in one slot only

int pv_net_list(uint32_t *numbers, unsigned max)
{
    return pv_xenbus_list("vif", numbers, max);
}

const struct pv_net_info *pv_net_get_info(const struct pv_net *net)
{
    return &net->info;
}

bool pv_net_has_carrier(const struct pv_net *net)
{
    return !net->broken && pv_xenbus_backend_number(&net->device, "carrier", 1) != 0; // absent on older ones
}

// What the back end needs, all of it or nothing.
static int write_details(pv_xs_transaction transaction, void *context)
{
    const struct pv_net *net = context;
    const struct {
        const char *node;
        unsigned value;
    } details[] = {
        {"tx-ring-ref", net->tx_page.grant},
        {"rx-ring-ref", net->rx_page.grant},
        {"event-channel", net->port},
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},
        {"feature-sg", 1},
        {"feature-gso-tcpv4", 1},
        {"feature-ipv6-csum-offload", 1},
    };
    int result = 0;
    for (unsigned i = 0; result == 0 && i < sizeof details / sizeof details[0]; i++)
        result = pv_front_write_number(transaction, &net->device, details[i].node, details[i].value);
    return result;
}

static int make_rings(struct pv_net *net)
{
    int result = pv_front_make_ring(&net->device, &net->tx_page);
    if (result >= 0)
        result = pv_front_make_ring(&net->device, &net->rx_page);
    for (unsigned i = 0; result >= 0 && i < net->page_count; i++)
        result = pv_front_make_page(&net->device, false, &net->pages[i]);
    if (result < 0)
        return result;
    net->tx = net->tx_page.page;
    net->rx = net->rx_page.page;
    for (unsigned i = 0; i < NET_TX; i++)
        net->slots[i].next_free = (uint16_t)(i + 1);
    const int port = pv_event_alloc_unbound(net->device.backend_domid);
    if (port < 0)
        return port;
    net->port = (pv_evtchn_port_t)port;
    pv_net_post_all(net);
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "00:16:3e:01:02:03"
static int parse_mac(const char *text, uint8_t *mac)
{
    for (unsigned i = 0; i < PV_NET_MAC_SIZE; i++) {
        const int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || text[2] != (i + 1 < PV_NET_MAC_SIZE ? ':' : '\0'))
            return -PV_EINVAL;
        mac[i] = (uint8_t)(high << 4 | low);
        text += 3;
    }
    return 0;
}

static int read_info(struct pv_net *net)
{
    char path[PV_XENBUS_PATH_SIZE + 16], text[32];
    pv_snprintf(path, sizeof path, "%s/mac", net->device.path);
    const int result = pv_xs_read(PV_XS_NO_TRANSACTION, path, text, sizeof text);
    if (result < 0)
        return result;
    const bool scatters = pv_xenbus_backend_number(&net->device, "feature-sg", 0) != 0;
    net->info.max_frame = scatters ? PV_NET_MAX_FRAME : MAX_UNSCATTERED;
    net->info.can_segment = scatters && pv_xenbus_backend_number(&net->device, "feature-gso-tcpv4", 0) != 0;
    return parse_mac(text, net->info.mac);
}

static int connect(struct pv_net *net)
{
    int result = pv_front_begin(&net->device);
    if (result >= 0)
        result = read_info(net);
    if (result >= 0)
        result = make_rings(net);
    if (result >= 0)
        result = pv_front_connect(&net->device, write_details, net);
    if (result < 0)
        return result;
    return pv_xenbus_set_state(&net->device, PV_XENBUS_STATE_CONNECTED);
}

// Gives back pages, grants and port.
static void release(struct pv_net *net)
{
    if (net->port)
        pv_event_close(net->port);
    pv_front_free_page(&net->tx_page);
    pv_front_free_page(&net->rx_page);
    for (unsigned i = 0; i < net->page_count; i++)
        pv_front_free_page(&net->pages[i]);
    for (unsigned i = 0; i < NET_TX / 2; i++)
        pv_front_free_page(&net->copies[i]);
    pv_free(net);
}

int pv_net_open(uint32_t number, unsigned pages, struct pv_net **opened)
{
    if (pages != 0 && (pages < PV_NET_MIN_PAGES || pages > NET_RX))
        return -PV_EINVAL;
    struct pv_net *net = pv_calloc(1, sizeof *net);
    if (!net)
        return -PV_ENOMEM;
    net->info.number = number;
    net->page_count = pages ? pages : DEFAULT_PAGES;
    int result = pv_xenbus_find("vif", number, &net->device);
    if (result < 0) {
        pv_free(net);
        return result;
    }
    result = connect(net);
    if (result < 0) {
        pv_front_give_up(&net->device);
        release(net);
        return result;
    }
    *opened = net;
    return 0;
}

int pv_net_close(struct pv_net *net)
{
    const int result = pv_front_disconnect(&net->device);
    pv_net_poll(net);
    pv_net_fail_all(net);
    release(net);
    return result;
}
