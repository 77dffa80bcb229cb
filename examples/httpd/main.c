// SPDX-License-Identifier: MIT
// A web server for the files on the domain's disks: GET and HEAD, one request to a connection. Its address comes by DHCP.
// Options: ip=A.B.C.D is its address where nobody gives it one, in a network of 256; requests=N ends it after so many answers.

#include "httpd.h"

#include <pv/error.h>
#include <pv/guest.h>
#include <pv/ip.h>
#include <pv/time.h>

#include <pvabi/errno.h>

#include <lwip/ip4_addr.h>

#define PATIENCE_NS (20 * PV_SECOND_NS)

static uint64_t answers;

static void count(void)
{
    answers++;
}

static int must(const char *what, int result)
{
    if (result < 0)
        pv_panic("%s: %s", what, pv_error_text(result));
    return result;
}

static void get_address(void)
{
    char text[IP4ADDR_STRLEN_MAX];
    ip4_addr_t address, mask;
    if (pv_option("ip", text, sizeof text) == -PV_ENOENT) {
        must("asking for an address", pv_ip_ask_address(pv_time_ns() + PATIENCE_NS));
        return;
    }
    if (!ip4addr_aton(text, &address))
        pv_panic("ip= needs an address such as 10.9.0.2");
    IP4_ADDR(&mask, 255, 255, 255, 0);
    netif_set_addr(pv_ip_netif(), &address, &mask, NULL);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const uint64_t enough = pv_option_number("requests", UINT64_MAX);
    must("opening the interface", pv_ip_open(0));
    get_address();
    char address[IP4ADDR_STRLEN_MAX];
    ip4addr_ntoa_r(netif_ip4_addr(pv_ip_netif()), address, sizeof address);
    serve(count);
    pv_printf("serving on %s port 80\n", address);
    while (answers < enough)
        must("the interface", pv_ip_turn(0));
    pv_printf("%lu answers\n", answers);
    return must("closing the interface", pv_ip_close());
}
