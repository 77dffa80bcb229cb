// SPDX-License-Identifier: MIT
// The Internet protocols on a network interface, by lwIP: ARP, IPv4, ICMP, UDP, TCP, DHCP and DNS. A library of its own, pv-lwip.
// Here is what binds lwIP to a guest; the protocols themselves are used by lwIP's "raw" interface, in its headers: a kernel gives
// functions to be called when something has come, and calls pv_ip_turn() over and over, from which all of them are called.
//
// One caller at a time, on one vCPU, not in handlers; that holds for lwIP's functions, too.
//
// Example:
//     #include <pv/time.h>
//
//     #include <lwip/udp.h>
//
//     static void answer(void *context, struct udp_pcb *socket, struct pbuf *datagram, const ip_addr_t *from, u16_t port)
//     {
//         (void)context;
//         udp_sendto(socket, datagram, from, port);
//         pbuf_free(datagram);
//     }
//
//     int echo(void)
//     {
//         int result = pv_ip_open(0);
//         if (result == 0)
//             result = pv_ip_ask_address(pv_time_ns() + 10 * PV_SECOND_NS);
//         if (result < 0)
//             return result;
//         struct udp_pcb *socket = udp_new();
//         udp_bind(socket, IP_ANY_TYPE, 7);
//         udp_recv(socket, answer, NULL);
//         while (result == 0)
//             result = pv_ip_turn(0);
//         return result;
//     }
#pragma once

#include <stdint.h>

#include <lwip/netif.h>

#ifdef __cplusplus
extern "C" {
#endif

// Connects to interface `number` (pv_net_list) and makes it lwIP's default one. -PV_EBUSY: one is open already; otherwise
// what pv_net_open says.
int pv_ip_open(uint32_t number);

// Asks for an address by DHCP and waits for it until system time `deadline_ns` (0: for ever): -PV_ETIMEDOUT. Name servers and the
// gateway come with it, and the lease is kept up by pv_ip_turn. A kernel that knows its address calls netif_set_addr() of
// pv_ip_netif() instead, and dns_setserver().
int pv_ip_ask_address(uint64_t deadline_ns);

// lwIP's own of the interface: its addresses, for example.
struct netif *pv_ip_netif(void);

// Hands what has come to lwIP and does what is due; if nothing had come, sleeps until something does, a timer of lwIP's is due or
// system time `deadline_ns` (0: none). 0: call again; -PV_ETIMEDOUT: the deadline has passed; -PV_EIO: the interface is dead.
int pv_ip_turn(uint64_t deadline_ns);

// Gives the address back, aborts what uses it, and disconnects.
int pv_ip_close(void);

// Fills in the secret from which all of lwIP's random numbers are made. The library's own takes it from the CPU's generator and
// the clocks; a kernel that must repeat from run to run, or knows better, defines it anew.
void pv_ip_secret(uint64_t secret[2]);

#ifdef __cplusplus
}
#endif
