// SPDX-License-Identifier: MIT
// Sends back the datagrams that come to port 7. Its address comes by DHCP.
// Options: resolve=NAME asks the name server for a name's address first; datagrams=N ends it after so many.

#include <pv/error.h>
#include <pv/guest.h>
#include <pv/ip.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#include <lwip/dns.h>
#include <lwip/udp.h>

#define ECHO_PORT 7
#define PATIENCE_NS (20 * PV_SECOND_NS)

static uint64_t datagrams;

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: %s", what, pv_error_text(result));
    return result;
}

static void print_address(const char *before, const ip_addr_t *address, const char *after)
{
    char text[IPADDR_STRLEN_MAX];
    ipaddr_ntoa_r(address, text, sizeof text);
    pv_printf("%s%s%s\n", before, text, after);
}

// The datagram that came is the one that goes: lwIP writes its headers in front of it.
static void echo(void *context, struct udp_pcb *socket, struct pbuf *datagram, const ip_addr_t *from, u16_t port)
{
    (void)context;
    if (udp_sendto(socket, datagram, from, port) == ERR_OK) // else it is lost, as datagrams are
        datagrams++;
    pbuf_free(datagram);
}

struct resolution {
    bool is_done, is_found;
    ip_addr_t address;
};

static void resolved(const char *name, const ip_addr_t *address, void *context)
{
    struct resolution *resolution = context;
    (void)name;
    resolution->is_done = true;
    resolution->is_found = address != NULL;
    if (address)
        resolution->address = *address;
}

static void resolve(const char *name)
{
    static struct resolution resolution; // lwIP writes to it until it has called `resolved`
    const uint64_t deadline = pv_time_ns() + PATIENCE_NS;
    const err_t asked = dns_gethostbyname(name, &resolution.address, resolved, &resolution);
    if (asked == ERR_OK) // known already, or an address in figures
        resolution.is_done = resolution.is_found = true;
    else if (asked != ERR_INPROGRESS)
        pv_panic("%s is no name to ask for", name);
    while (!resolution.is_done)
        must("asking for a name", pv_ip_turn(deadline));
    if (resolution.is_found)
        print_address("its address is ", &resolution.address, "");
    else
        pv_printf("the name server knows no %s\n", name);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    char name[128];
    const uint64_t enough = pv_option_number("datagrams", UINT64_MAX);
    must("opening the interface", pv_ip_open(0));
    must("asking for an address", pv_ip_ask_address(pv_time_ns() + PATIENCE_NS));
    struct udp_pcb *socket = udp_new();
    PV_ASSERT(socket && udp_bind(socket, IP_ANY_TYPE, ECHO_PORT) == ERR_OK);
    udp_recv(socket, echo, NULL);
    print_address("echoing on ", netif_ip_addr4(pv_ip_netif()), " port 7");
    if (pv_option("resolve", name, sizeof name) >= 0)
        resolve(name);
    while (datagrams < enough)
        must("the interface", pv_ip_turn(0));
    pv_printf("%lu datagrams\n", datagrams);
    udp_remove(socket);
    return must("closing the interface", pv_ip_close());
}
