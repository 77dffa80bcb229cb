// SPDX-License-Identifier: MIT
// Compares every struct, field and constant of pvabi that has a counterpart in Xen's public headers with it, and prints
// each mismatch. The build defines PV_HAVE_XEN_HEADERS when those headers are installed (Debian: libxen-dev) and know
// every name asked for; otherwise the program says why it has nothing to compare, and is skipped.
#include "all_headers.h"

#include <stdio.h>

#ifndef PV_HAVE_XEN_HEADERS

int main(void)
{
    puts("skipped: " PV_NO_XEN_HEADERS_REASON);
    return 77;
}

#else

#define __XEN_INTERFACE_VERSION__ 0x00040d00

#include <xen/xen.h>

#include <xen/callback.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

static unsigned compared;
static unsigned mismatches;

static void compare(const char *what, const char *name, long long ours, long long xens)
{
    ++compared;
    if (ours == xens)
        return;
    ++mismatches;
    printf("%s of %s: %lld here, %lld in Xen's headers\n", what, name, ours, xens);
}

static void compare_structs(void)
{
#define SIZE_OF_FIELD(type, field) (long long)sizeof(((type *)0)->field)
#define OWN_STRUCT(type)
#define OWN_FIELD(type, field)
#define STRUCT(type, xen) compare("size", #type, (long long)sizeof(type), (long long)sizeof(xen));
#define FIELD_OFFSET(type, field, xen, xen_field)                                                                      \
    compare("offset", #type "." #field, (long long)offsetof(type, field), (long long)offsetof(xen, xen_field));
#define FIELD(type, field, xen, xen_field)                                                                             \
    FIELD_OFFSET(type, field, xen, xen_field)                                                                          \
    compare("size", #type "." #field, SIZE_OF_FIELD(type, field), SIZE_OF_FIELD(xen, xen_field));
#include "structs.def"
}

static void compare_constants(void)
{
#define OWN_CONST(name)
#define CONST(name, xen) compare("value", #name, (long long)(name), (long long)(xen));
#include "constants.def"
}

static void compare_rings(void)
{
    const union blkif_sring_entry *entry = 0;
    compare("size", "an entry of the block ring", PV_BLKIF_RING_ENTRY_SIZE, (long long)sizeof *entry);
    compare("value", "entries in the block ring", PV_BLKIF_RING_ENTRIES, (long long)__CONST_RING_SIZE(blkif, 4096));
    compare("value", "entries in the tx ring", PV_NETIF_TX_RING_ENTRIES, (long long)__CONST_RING_SIZE(netif_tx, 4096));
    compare("value", "entries in the rx ring", PV_NETIF_RX_RING_ENTRIES, (long long)__CONST_RING_SIZE(netif_rx, 4096));
    compare("size", "the ring's header", PV_RING_HEADER_SIZE, (long long)offsetof(struct blkif_sring, ring));
}

int main(void)
{
    compare_structs();
    compare_constants();
    compare_rings();
    printf("%u compared, %u mismatches\n", compared, mismatches);
    return mismatches != 0;
}

#endif
