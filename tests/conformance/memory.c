// SPDX-License-Identifier: MIT
// memory_op.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/memory.h>

static long reservation(unsigned command, pv_domid_t domain) { return pv_memory_op(command, &domain); }
static long current_at(void *argument) { return pv_memory_op(PV_XENMEM_CURRENT_RESERVATION, argument); }
static long maximum_at(void *argument) { return pv_memory_op(PV_XENMEM_MAXIMUM_RESERVATION, argument); }

void conform_memory(void)
{
    const long pages = (long)pv_start_info->nr_pages;
    say_whether("memory_op current_reservation is nr_pages", reservation(PV_XENMEM_CURRENT_RESERVATION, PV_DOMID_SELF) == pages);
    say_whether("memory_op maximum_reservation is nr_pages", reservation(PV_XENMEM_MAXIMUM_RESERVATION, PV_DOMID_SELF) == pages);
    say_whether("memory_op maximum_ram_page is nr_pages or more", pv_memory_op(PV_XENMEM_MAXIMUM_RAM_PAGE, NULL) >= pages);
    say("memory_op current_reservation of no domain", reservation(PV_XENMEM_CURRENT_RESERVATION, NOBODY));
    say("memory_op maximum_reservation of no domain", reservation(PV_XENMEM_MAXIMUM_RESERVATION, NOBODY));
    say_bad_pointers("memory_op current_reservation, nowhere", current_at, sizeof(pv_domid_t));
    say_bad_pointers("memory_op maximum_reservation, nowhere", maximum_at, sizeof(pv_domid_t));
    say("memory_op command 63", pv_memory_op(63, NULL));
}
