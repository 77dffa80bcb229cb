// SPDX-License-Identifier: MIT
// Domain ids. The monitor is domain 0 (its back ends live there); guests are numbered from 1 upward and no number is
// used twice in the monitor's life. From 0x7ff0 on the numbers have fixed meanings (Xen's public/xen.h).
#pragma once

#include <stdint.h>

typedef uint16_t pv_domid_t;

#define PV_DOMID_FIRST_RESERVED 0x7FF0
#define PV_DOMID_SELF 0x7FF0    // the caller, whatever its number is
#define PV_DOMID_IO 0x7FF1      // owner of device memory; owns nothing here
#define PV_DOMID_XEN 0x7FF2     // owner of the hypervisor's memory; owns nothing a guest can name here
#define PV_DOMID_COW 0x7FF3     // owner of shared copy-on-write pages; owns nothing here
#define PV_DOMID_INVALID 0x7FF4 // no domain at all
#define PV_DOMID_IDLE 0x7FFF
#define PV_DOMID_MASK 0x7FFF
