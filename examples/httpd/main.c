// SPDX-License-Identifier: MIT
// A web server for the files on the domain's disks: GET and HEAD, one request to a connection. Its address comes by DHCP.
// Options: requests=N ends it after so many answers.

#include "httpd.h"

#include <pv/error.h>
#include <pv/guest.h>
#include <pv/ip.h>
#include <pv/time.h>

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

int pv_main(const char *command_line)
{
    (void)command_line;
    const uint64_t enough = pv_option_number("requests", UINT64_MAX);
    must("opening the interface", pv_ip_open(0));
    must("asking for an address", pv_ip_ask_address(pv_time_ns() + PATIENCE_NS));
    char address[IP4ADDR_STRLEN_MAX];
    ip4addr_ntoa_r(netif_ip4_addr(pv_ip_netif()), address, sizeof address);
    serve(count);
    pv_printf("serving on %s port 80\n", address);
    while (answers < enough)
        must("the interface", pv_ip_turn(0));
    pv_printf("%lu answers\n", answers);
    return must("closing the interface", pv_ip_close());
}
