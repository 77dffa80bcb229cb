// SPDX-License-Identifier: MIT
// How lwIP is built for guests: no threads, IPv4, the raw interface. All of its memory is static, about a megabyte, so whatever
// peers do, the rest of the kernel keeps its own.
#pragma once

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0 // no handler calls it
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

#define LWIP_IPV6 0
#define LWIP_DHCP 1
#define LWIP_DNS 1
#define DHCP_DOES_ARP_CHECK 0 // it would cost each start more than a second

#define LWIP_CHECKSUM_CTRL_PER_NETIF 1 // see ip.c
#define LWIP_STATS 0

#define MEM_ALIGNMENT 16
#define MEM_SIZE (512 * 1024)
#define PBUF_POOL_SIZE 192 // some windows, and one packet of 64 KiB
#define PBUF_POOL_BUFSIZE 1536
#define MEMP_NUM_PBUF 64
#define MEMP_NUM_UDP_PCB 16
#define MEMP_NUM_TCP_PCB 32
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 512
#define MEMP_NUM_RAW_PCB 4
#define ARP_TABLE_SIZE 32

#define TCP_MSS 1460
#define TCP_WND (44 * TCP_MSS) // the most without window scaling
#define TCP_SND_BUF (44 * TCP_MSS)
#define TCP_SND_QUEUELEN 176
#define TCP_LISTEN_BACKLOG 1

#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) \
    pv_ip_first_sequence(ip_2_ip4(local)->addr, local_port, ip_2_ip4(remote)->addr, remote_port)
