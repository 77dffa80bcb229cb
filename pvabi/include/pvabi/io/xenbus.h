// SPDX-License-Identifier: MIT
// The states that the two halves of a device write, in decimal, to their `state` nodes in xenstore. Each half writes its
// own node and watches the other's. Source: Xen's public/io/xenbus.h. No include: assembly may include this file.
//
// Connecting:  back 1 -> 2 (ready to be read)   front 1 -> 3 (ring, port and features published)
//              back -> 4 (ring mapped)          front -> 4
// Leaving:     front -> 5, back -> 5, front -> 6, back -> 6; a back end whose front starts anew goes back to 2
#pragma once

#define PV_XENBUS_STATE_UNKNOWN 0 // also: the node does not exist
#define PV_XENBUS_STATE_INITIALISING 1
#define PV_XENBUS_STATE_INIT_WAIT 2
#define PV_XENBUS_STATE_INITIALISED 3
#define PV_XENBUS_STATE_CONNECTED 4
#define PV_XENBUS_STATE_CLOSING 5
#define PV_XENBUS_STATE_CLOSED 6
#define PV_XENBUS_STATE_RECONFIGURING 7
#define PV_XENBUS_STATE_RECONFIGURED 8
