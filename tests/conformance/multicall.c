// SPDX-License-Identifier: MIT
// multicall.

#include "entries.h"
#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>

#include <pvabi/multicall.h>
#include <pvabi/sched.h>
#include <pvabi/xen_version.h>

static long at(void *list) { return pv_multicall(list, 1); }

static struct pv_multicall_entry entry(unsigned long number, unsigned long a1, unsigned long a2)
{
    return (struct pv_multicall_entry){.op = number, .result = 99, .args = {a1, a2}};
}

void conform_multicall(void)
{
    struct pv_multicall_entry list[4];
    say("multicall of nothing", pv_multicall(list, 0));
    say("multicall of nothing, from nowhere", pv_multicall(NULL, 0));
    list[0] = entry(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, 0);
    list[1] = entry(PV_HC_SCHED_OP, PV_SCHEDOP_YIELD, 0);
    list[2] = entry(63, 0, 0);
    list[3] = entry(PV_HC_SCHED_OP, 99, 0);
    say("multicall of four", pv_multicall(list, 4));
    say("  xen_version", (long)list[0].result);
    say("  yield", (long)list[1].result);
    say("  hypercall 63", (long)list[2].result);
    say("  sched_op command 99", (long)list[3].result);
    list[0] = entry(PV_HC_MULTICALL, (unsigned long)&list[2], 1);
    list[1] = entry(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, 0);
    say("multicall with a multicall in it", pv_multicall(list, 2));
    say("  that one", (long)list[0].result);
    say("  the next", (long)list[1].result);
    list[0] = entry(PV_HC_XEN_VERSION + (1UL << 32), PV_XENVER_PAGESIZE, 0);
    say("multicall with a number above 2^32", pv_multicall(list, 1));
    say("  that one", (long)list[0].result);
    list[0] = entry(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, 0);
    list[1] = entry(PV_HC_IRET, 0, 0);
    list[2] = entry(PV_HC_XEN_VERSION, PV_XENVER_PAGESIZE, 0);
    say("multicall with an iret in it, which goes on with rax", multicall_to_iret(list, 3));
    say("  the entry before", (long)list[0].result);
    say("  the iret", (long)list[1].result);
    say("  the next, not made", (long)list[2].result);
    say_bad_pointers("multicall, nowhere", at, sizeof list[0]);
}
