// SPDX-License-Identifier: MIT
// xenstore on the wire: message types, the message header and the ring page. Source: Xen's public/io/xs_wire.h.
//
// A message is a header and `len` bytes of payload. A guest writes requests into req and reads replies and watch events
// from rsp; a reply bears the request's type (or PV_XS_ERROR, whose payload is the name of an error such as "ENOENT"
// with its NUL) and its req_id and tx_id. Several requests may be under way; watch events come between replies.
// Paths end with a NUL; one that does not begin with '/' is taken below /local/domain/<domid>/.
//
// The rings publish and consume as those of io/console.h do: bytes first, then the index, then an event.
#pragma once

#include <stdint.h>

#include "../assert.h"

#define PV_XS_CONTROL 0
#define PV_XS_DIRECTORY 1
#define PV_XS_READ 2
#define PV_XS_GET_PERMS 3
#define PV_XS_WATCH 4
#define PV_XS_UNWATCH 5
#define PV_XS_TRANSACTION_START 6
#define PV_XS_TRANSACTION_END 7
#define PV_XS_INTRODUCE 8
#define PV_XS_RELEASE 9
#define PV_XS_GET_DOMAIN_PATH 10
#define PV_XS_WRITE 11
#define PV_XS_MKDIR 12
#define PV_XS_RM 13
#define PV_XS_SET_PERMS 14
#define PV_XS_WATCH_EVENT 15
#define PV_XS_ERROR 16
#define PV_XS_IS_DOMAIN_INTRODUCED 17
#define PV_XS_RESUME 18
#define PV_XS_SET_TARGET 19
#define PV_XS_RESET_WATCHES 21
#define PV_XS_DIRECTORY_PART 22
#define PV_XS_TYPE_COUNT 23
#define PV_XS_INVALID 0xffff

// Order of the texts in the payload of PV_XS_WATCH and PV_XS_WATCH_EVENT.
#define PV_XS_WATCH_PATH 0
#define PV_XS_WATCH_TOKEN 1

#define PV_XENSTORE_RING_SIZE 1024
#define PV_XENSTORE_PAYLOAD_MAX 4096  // of a single message
#define PV_XENSTORE_ABS_PATH_MAX 3072 // of a path that begins with '/', without its NUL
#define PV_XENSTORE_REL_PATH_MAX 2048

// pv_xenstore_domain_interface.server_features
#define PV_XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define PV_XENSTORE_SERVER_FEATURE_ERROR 2

// pv_xenstore_domain_interface.connection
#define PV_XENSTORE_CONNECTED 0
#define PV_XENSTORE_RECONNECT 1

// pv_xenstore_domain_interface.error
#define PV_XENSTORE_ERROR_NONE 0
#define PV_XENSTORE_ERROR_COMM 1
#define PV_XENSTORE_ERROR_RINGIDX 2
#define PV_XENSTORE_ERROR_PROTO 3

struct pv_xsd_sockmsg {
    uint32_t type;   // PV_XS_*
    uint32_t req_id; // chosen by the guest, repeated in the reply; 0 in watch events
    uint32_t tx_id;  // transaction, 0 for none
    uint32_t len;    // bytes of payload, at most PV_XENSTORE_PAYLOAD_MAX
};

PV_ASSERT_SIZE(struct pv_xsd_sockmsg, 16);
PV_ASSERT_ALIGN(struct pv_xsd_sockmsg, 4);
PV_ASSERT_OFFSET(struct pv_xsd_sockmsg, type, 0);
PV_ASSERT_OFFSET(struct pv_xsd_sockmsg, req_id, 4);
PV_ASSERT_OFFSET(struct pv_xsd_sockmsg, tx_id, 8);
PV_ASSERT_OFFSET(struct pv_xsd_sockmsg, len, 12);

typedef uint32_t pv_xenstore_ring_idx;

struct pv_xenstore_domain_interface {
    char req[PV_XENSTORE_RING_SIZE]; // written by the guest
    char rsp[PV_XENSTORE_RING_SIZE]; // written by xenstore
    pv_xenstore_ring_idx req_cons;   // written by xenstore
    pv_xenstore_ring_idx req_prod;   // written by the guest
    pv_xenstore_ring_idx rsp_cons;   // written by the guest
    pv_xenstore_ring_idx rsp_prod;   // written by xenstore
    uint32_t server_features;        // written by xenstore before the guest starts
    uint32_t connection;             // the guest asks with RECONNECT, xenstore answers with CONNECTED
    uint32_t error;                  // written by xenstore when it gives up on the ring
};

PV_ASSERT_SIZE(struct pv_xenstore_domain_interface, 2076);
PV_ASSERT_ALIGN(struct pv_xenstore_domain_interface, 4);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, req, 0);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, rsp, 1024);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, req_cons, 2048);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, req_prod, 2052);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, rsp_cons, 2056);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, rsp_prod, 2060);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, server_features, 2064);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, connection, 2068);
PV_ASSERT_OFFSET(struct pv_xenstore_domain_interface, error, 2072);
