// SPDX-License-Identifier: MIT
// Network interfaces: the front half of the network protocol. Frames are Ethernet frames, from the destination's address on and
// without the checksum at the end.
//
// An interface is used from one place at a time, not from handlers. A back end that breaks the protocol has its interface
// switched off: everything under way and later answers -PV_EIO.
//
// Example:
//     int echo(void)
//     {
//         static unsigned char frame[PV_NET_COPIED];
//         struct pv_net *net;
//         int size = pv_net_open(0, 0, &net);
//         while (size >= 0) {
//             size = pv_net_receive(net, frame, sizeof frame, 0);
//             for (unsigned i = 0; size >= 12 && i < 6; i++) { // back to whom it came from
//                 frame[i] = frame[i + 6];
//                 frame[i + 6] = pv_net_get_info(net)->mac[i];
//             }
//             if (size >= 0)
//                 size = pv_net_send(net, frame, (size_t)size);
//         }
//         return size;
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvabi/io/netif.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_net;

#define PV_NET_MAC_SIZE 6
#define PV_NET_MAX_FRAME PV_NETIF_MAX_TX_SIZE

struct pv_net_info {
    uint32_t number; // as in device/vif
    uint8_t mac[PV_NET_MAC_SIZE];
    uint32_t max_frame; // bytes of a frame that the other half takes
    bool can_segment;   // it cuts large TCP frames into segments itself
};

// The numbers of the domain's interfaces in rising order; returns how many there are, at most max.
int pv_net_list(uint32_t *numbers, unsigned max);

// Connects to an interface. `pages` receive frames, PV_NET_MIN_PAGES to PV_NETIF_RX_RING_ENTRIES; 0: 64 of them. -PV_ENOENT if
// there is none of that number, -PV_ETIMEDOUT if the other half does not answer, -PV_EINVAL for another number of pages.
#define PV_NET_MIN_PAGES 20 // the largest frame, and an extra_info
int pv_net_open(uint32_t number, unsigned pages, struct pv_net **net);

const struct pv_net_info *pv_net_get_info(const struct pv_net *net);

// Whether there is somebody at the other end of the wire.
bool pv_net_has_carrier(const struct pv_net *net);

// Disconnects without waiting for what is under way (it is finished with -PV_EIO), and frees the interface.
int pv_net_close(struct pv_net *net);

// Waiting ---------------------------------------------------------------------------------------------------------

// Sends a frame, waiting for room on the ring. Up to PV_NET_COPIED bytes are copied, and it returns at once; larger frames are
// sent from where they are, and it waits until they have been taken. Whether anybody receives it, nobody says.
#define PV_NET_COPIED 2048
int pv_net_send(struct pv_net *net, const void *frame, size_t size);

// Waits for a frame until system time `deadline_ns` (0: for ever), copies at most `room` bytes of it, and returns its size, which
// is more than `room` if its end was cut off. -PV_ETIMEDOUT. Its checksum may be left out, as its sender's would be.
int pv_net_receive(struct pv_net *net, void *frame, size_t room, uint64_t deadline_ns);

// Not waiting -----------------------------------------------------------------------------------------------------

#define PV_NET_UNDER_WAY 1 // pv_net_frame.status of a frame that has not been taken yet

#define PV_NET_CHECKSUM_BLANK (1u << 0) // TCP or UDP checksum left out: the field holds the sum of the pseudo header
#define PV_NET_VALIDATED (1u << 1)      // it need not be looked at

struct pv_net_part {
    const void *data; // anywhere in the guest's memory
    uint32_t size;
};

// A frame to be sent from where it is, without a copy.
struct pv_net_frame {
    const struct pv_net_part *parts; // needed until pv_net_submit returns; the bytes themselves until the frame is done
    unsigned count;
    uint8_t flags;         // PV_NET_CHECKSUM_BLANK, PV_NET_VALIDATED
    uint16_t segment_size; // not 0: TCP over IPv4, to be cut into segments of so much payload; only if info.can_segment
    void (*done)(struct pv_net_frame *frame); // may be null; called by poll, wait and close; may submit again
    void *context;                            // the caller's own
    int status;     // PV_NET_UNDER_WAY, then 0 or a negated PV_E*
    unsigned slots; // the library's own
};

// Hands a frame, which must stay where it is until it is done, to the other half. -PV_EAGAIN: no room on the ring; -PV_ENOSPC:
// no grants left; -PV_E2BIG: too large, or in too many pages (PV_NETIF_NR_SLOTS_MIN); -PV_EINVAL: it is no frame.
int pv_net_submit(struct pv_net *net, struct pv_net_frame *frame);

// The same for bytes that are copied: at most PV_NET_COPIED. -PV_ENOMEM: no page left to copy to.
int pv_net_submit_copy(struct pv_net *net, const void *frame, size_t size);

// Finishes frames that the other half has taken. Returns how many slots of the ring that were.
unsigned pv_net_poll(struct pv_net *net);

// A received frame where it was received: part by part in pages of the library's.
struct pv_net_received {
    struct pv_net_part parts[PV_NETIF_NR_SLOTS_MIN];
    unsigned count;
    uint32_t size; // of all parts
    uint8_t flags; // PV_NET_CHECKSUM_BLANK, PV_NET_VALIDATED
    uint16_t segment_size;                   // not 0: as many segments in one
    uint16_t pages[PV_NETIF_NR_SLOTS_MIN];   // the library's own
};

// Takes the next frame that has come, if one has. Its pages are the caller's until pv_net_release.
bool pv_net_take(struct pv_net *net, struct pv_net_received *frame);
void pv_net_release(struct pv_net *net, const struct pv_net_received *frame);

// Sleeps until frames have come or been taken, or until the deadline (0: none), which it says by false. Returns at once if
// pv_net_poll or pv_net_take have not come to the end of what there is.
bool pv_net_wait(struct pv_net *net, uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
