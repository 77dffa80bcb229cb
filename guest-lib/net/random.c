// SPDX-License-Identifier: MIT
// Random numbers for lwIP: SipHash-2-4 with a secret key, of a count for ports and identifiers, of both ends' addresses for where a
// TCP connection's sequence numbers begin (RFC 6528).

#include "random.h"

#include <pv/ip.h>
#include <pv/time.h>

static uint64_t key[2];

static uint64_t turn(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], unsigned rounds)
{
    while (rounds--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32) + v[3];
        v[2] += v[1];
        v[3] = turn(v[3], 21) ^ v[0];
        v[1] = turn(v[1], 17) ^ v[2];
        v[2] = turn(v[2], 32);
    }
}

// Of two words, which is all that is needed here.
static uint64_t hash(uint64_t first, uint64_t second)
{
    const uint64_t words[] = {first, second, (uint64_t)16 << 56};
    uint64_t v[] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    for (unsigned i = 0; i < 3; i++) {
        v[3] ^= words[i];
        mix(v, 2);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// From the CPU's generator; 0 if it has none or it does not answer.
static uint64_t hardware_word(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    for (unsigned tries = 0; tries < 10 && (ecx & 1u << 30); tries++) {
        uint64_t word;
        uint8_t is_good;
        __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(word), "=qm"(is_good) : : "cc");
        if (is_good)
            return word;
    }
    return 0;
}

__attribute__((weak)) void pv_ip_secret(uint64_t secret[2])
{
    secret[0] = hardware_word() ^ pv_wall_clock_ns();
    secret[1] = hardware_word() ^ turn(pv_time_ns(), 32);
}

void pv_ip_random_prepare(void)
{
    pv_ip_secret(key);
}

uint32_t pv_ip_random(void)
{
    static uint64_t count;
    return (uint32_t)hash(count++, UINT64_MAX);
}

uint32_t pv_ip_first_sequence(uint32_t local, uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
    const uint64_t addresses = (uint64_t)local << 32 | remote, ports = (uint64_t)local_port << 16 | remote_port;
    return (uint32_t)(hash(addresses, ports) + pv_time_ns() / 4000); // ticks of 4 us, says the RFC
}
