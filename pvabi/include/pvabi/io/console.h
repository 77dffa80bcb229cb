// SPDX-License-Identifier: MIT
// The console page: two byte rings between a guest and its console. Source: Xen's public/io/console.h.
// The frame and the port are in start_info. `in` carries what is typed to the guest, `out` what the guest prints.
//
// The four indices run freely through all of uint32_t; index & (size - 1) is the place in the array. prod - cons bytes
// are in the ring, never more than its size. A peer that breaks this is disconnected, not believed.
//
// Publish (the producer of a ring):
//   1. read cons, then fence, so that no byte is stored into a place the consumer has not yet left
//   2. store the bytes at prod and after, at most size - (prod - cons) of them
//   3. store the new prod with release order (a write barrier before it)
//   4. send an event on the console port
// Consume:
//   1. read prod with acquire order
//   2. copy the bytes out
//   3. store the new cons with release order
//   4. send an event, since the producer may wait for room
#pragma once

#include <stdint.h>

#include "../assert.h"

#define PV_XENCONS_IN_SIZE 1024
#define PV_XENCONS_OUT_SIZE 2048

typedef uint32_t pv_xencons_ring_idx;

struct pv_xencons_interface {
    char in[PV_XENCONS_IN_SIZE];   // written by the back end
    char out[PV_XENCONS_OUT_SIZE]; // written by the guest
    pv_xencons_ring_idx in_cons;   // written by the guest
    pv_xencons_ring_idx in_prod;   // written by the back end
    pv_xencons_ring_idx out_cons;  // written by the back end
    pv_xencons_ring_idx out_prod;  // written by the guest
};

PV_ASSERT_SIZE(struct pv_xencons_interface, 3088);
PV_ASSERT_ALIGN(struct pv_xencons_interface, 4);
PV_ASSERT_OFFSET(struct pv_xencons_interface, in, 0);
PV_ASSERT_OFFSET(struct pv_xencons_interface, out, 1024);
PV_ASSERT_OFFSET(struct pv_xencons_interface, in_cons, 3072);
PV_ASSERT_OFFSET(struct pv_xencons_interface, in_prod, 3076);
PV_ASSERT_OFFSET(struct pv_xencons_interface, out_cons, 3080);
PV_ASSERT_OFFSET(struct pv_xencons_interface, out_prod, 3084);
