// SPDX-License-Identifier: MIT
// Rings under the names of Xen's io/ring.h, for front ends written against it. The order of the accesses is that of
// pvabi/io/ring.h. To be included before any other header of pvabi and guest-lib. One place at a time uses a ring.
//
// Example:
//     struct ping_request { uint64_t id; };
//     struct ping_response { uint64_t id; };
//     DEFINE_RING_TYPES(ping, struct ping_request, struct ping_response);
//     int send_ping(ping_front_ring_t *ring, uint64_t id) // 1: the other side wants an event
//     {
//         int notify;
//         if (RING_FULL(ring))
//             return -XEN_EAGAIN;
//         RING_GET_REQUEST(ring, ring->req_prod_pvt)->id = id;
//         ring->req_prod_pvt++;
//         RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(ring, notify);
//         return notify;
//     }
#pragma once

#include <pvabi/xen_compat.h>

#include <pv/barrier.h>

#define xen_mb() pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()

// The console's and xenstore's rings of bytes.
#define MASK_XENCONS_IDX(index, ring) ((index) & (sizeof(ring) - 1))
#define MASK_XENSTORE_IDX(index) ((index) & (XENSTORE_RING_SIZE - 1))

// The largest power of two that is not above a number of entries.
#define PV_RING_POWER(n) (1u << (31 - __builtin_clz((unsigned)(n))))

// Entries in a shared ring of so many bytes, and in one that was attached.
#define __RING_SIZE(sring, bytes) PV_RING_POWER(((bytes) - PV_RING_HEADER_SIZE) / sizeof((sring)->ring[0]))
#define __CONST_RING_SIZE(name, bytes) PV_RING_POWER(((bytes) - PV_RING_HEADER_SIZE) / sizeof(union name##_sring_entry))
#define RING_SIZE(front) ((front)->nr_ents)

#define DEFINE_RING_TYPES(name, request, response)                      \
    union name##_sring_entry {                                          \
        request req;                                                    \
        response rsp;                                                   \
    };                                                                  \
    struct name##_sring {                                               \
        RING_IDX req_prod, req_event, rsp_prod, rsp_event;              \
        uint8_t pad[PV_RING_HEADER_SIZE - 4 * sizeof(RING_IDX)];        \
        union name##_sring_entry ring[1]; /* as many as the page holds */ \
    };                                                                  \
    struct name##_front_ring {                                          \
        RING_IDX req_prod_pvt, rsp_cons;                                \
        unsigned nr_ents;                                               \
        struct name##_sring *sring;                                     \
    };                                                                  \
    typedef struct name##_sring name##_sring_t;                         \
    typedef struct name##_front_ring name##_front_ring_t

#define SHARED_RING_INIT(shared)                                    \
    do {                                                            \
        (shared)->req_prod = (shared)->rsp_prod = 0;                \
        (shared)->req_event = (shared)->rsp_event = 1;              \
        __builtin_memset((shared)->pad, 0, sizeof((shared)->pad));  \
    } while (0)

#define FRONT_RING_INIT(front, shared, bytes)                \
    do {                                                     \
        (front)->req_prod_pvt = (front)->rsp_cons = 0;       \
        (front)->nr_ents = __RING_SIZE(shared, bytes);       \
        (front)->sring = (shared);                           \
    } while (0)

#define RING_FREE_REQUESTS(front) (RING_SIZE(front) - ((front)->req_prod_pvt - (front)->rsp_cons))
#define RING_FULL(front) (RING_FREE_REQUESTS(front) == 0)
#define RING_GET_REQUEST(front, index) (&(front)->sring->ring[(index) & (RING_SIZE(front) - 1)].req)
#define RING_GET_RESPONSE(front, index) (&(front)->sring->ring[(index) & (RING_SIZE(front) - 1)].rsp)

// The other side may write while we read: whoever checks a response checks a copy.
#define RING_COPY_RESPONSE(front, index, copy)              \
    do {                                                    \
        *(copy) = *RING_GET_RESPONSE(front, index);         \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);            \
    } while (0)

// Responses not taken yet, never more than there are requests under way.
#define RING_HAS_UNCONSUMED_RESPONSES(front)                                                        \
    __extension__({                                                                                 \
        const RING_IDX pv_filled_ = PV_READ_ONCE((front)->sring->rsp_prod) - (front)->rsp_cons;      \
        const RING_IDX pv_sent_ = (front)->req_prod_pvt - (front)->rsp_cons;                         \
        pv_filled_ < pv_sent_ ? pv_filled_ : pv_sent_;                                              \
    })

#define RING_PUSH_REQUESTS(front)                                       \
    do {                                                                \
        xen_wmb();                                                      \
        PV_WRITE_ONCE((front)->sring->req_prod, (front)->req_prod_pvt); \
    } while (0)

#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(front, notify)                                                 \
    do {                                                                                                   \
        const RING_IDX pv_old_ = (front)->sring->req_prod;                                                 \
        RING_PUSH_REQUESTS(front);                                                                         \
        xen_mb();                                                                                          \
        (notify) = (RING_IDX)((front)->req_prod_pvt - PV_READ_ONCE((front)->sring->req_event)) <           \
                   (RING_IDX)((front)->req_prod_pvt - pv_old_);                                            \
    } while (0)

// Nothing left? Then asks for an event at the next response, and looks once more.
#define RING_FINAL_CHECK_FOR_RESPONSES(front, more)                              \
    do {                                                                         \
        (more) = (int)RING_HAS_UNCONSUMED_RESPONSES(front);                      \
        if (more)                                                                \
            break;                                                               \
        PV_WRITE_ONCE((front)->sring->rsp_event, (front)->rsp_cons + 1);         \
        xen_mb();                                                                \
        (more) = (int)RING_HAS_UNCONSUMED_RESPONSES(front);                      \
    } while (0)
