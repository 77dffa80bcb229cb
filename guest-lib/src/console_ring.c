// SPDX-License-Identifier: MIT
// Where the console's ring is. The first domain of Xen has none.

#include "console_ring.h"

#include <pv/memory.h>
#include <pv/start.h>

const struct pv_console *pv_console_of_domain(void)
{
    static struct pv_console console;
    const struct pv_start_info *info = pv_start_info;
    if (!console.ring && !(info->flags & PV_SIF_INITDOMAIN) && info->console.domU.mfn != 0) {
        console.port = info->console.domU.evtchn;
        console.ring = pv_mfn_to_virt(info->console.domU.mfn);
    }
    return &console;
}
