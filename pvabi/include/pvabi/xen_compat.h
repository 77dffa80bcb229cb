// SPDX-License-Identifier: MIT
// pvabi under Xen's own names, for kernels that were written against Xen's public headers: __HYPERVISOR_*, EVTCHNOP_*, struct
// evtchn_send, evtchn_send_t, XEN_ELFNOTE_* and so on, for all that pvabi has; each name means what it means in Xen.
//
// To be included before any other header of pvabi and guest-lib: it has them declare their structs under Xen's names, so that
// one struct has one name and pointers fit on both sides. The calls, HYPERVISOR_*, are code and so in guest-lib's
// pv/xen_hypercall.h, the macros on rings in pv/xen_ring.h; both include this header. The assembler may include
// xen_compat/calls.h and xen_compat/objects.h.
#pragma once

#ifdef PV_ASSERT_SIZE
#error "include pvabi/xen_compat.h before other headers of pvabi and guest-lib: it gives their structs Xen's names"
#endif

#include "xen_compat/tags.h"

#include "assert.h"
#include "callback.h"
#include "console_io.h"
#include "cpu.h"
#include "domid.h"
#include "elfnote.h"
#include "errno.h"
#include "event_channel.h"
#include "extensions.h"
#include "features.h"
#include "grant_table.h"
#include "hypercalls.h"
#include "io/blkif.h"
#include "io/console.h"
#include "io/netif.h"
#include "io/ring.h"
#include "io/xenbus.h"
#include "io/xs_wire.h"
#include "memory.h"
#include "mmu.h"
#include "multicall.h"
#include "page.h"
#include "sched.h"
#include "shared_info.h"
#include "start_info.h"
#include "vcpu.h"
#include "version.h"
#include "xen_version.h"

#include "xen_compat/calls.h"
#include "xen_compat/objects.h"
#include "xen_compat/types.h"
