// SPDX-License-Identifier: MIT
// What source and sink say to each other: Ethernet frames of our own type, and TCP in which the same words stand.
#pragma once

#include <pv/netfront.h>

#include <stdint.h>

#define HEADER 20      // destination, source, type, word, number
#define TCP_HEADERS 54 // Ethernet, IPv4 and TCP

enum word { SILENCE, HELLO, PING, BEGIN, DATA, COUNT, BYE };

struct heard {
    enum word word; // SILENCE: nothing of ours
    uint32_t number;
    unsigned size; // of the frame
    uint8_t from[PV_NET_MAC_SIZE];
};

extern struct pv_net *net;

void write_header(uint8_t *frame, const uint8_t *to, enum word word, uint32_t number);
// A large frame of TCP over IPv4 that says DATA; its checksum is blank.
void write_tcp_frame(uint8_t *frame, unsigned size, const uint8_t *to);
struct heard read_header(const struct pv_net_received *frame);
