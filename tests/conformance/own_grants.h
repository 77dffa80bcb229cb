// SPDX-License-Identifier: MIT
// What the groups of grants share: a domain may grant to itself, so one guest can be both sides.
#pragma once

#include <stdbool.h>

#include <pvabi/domid.h>
#include <pvabi/grant_table.h>
#include <pvabi/page.h>

// The number that this domain goes by, which is not the same here and on Xen.
pv_domid_t own_domain(void);

// A page of its own to be granted.
extern char granted_page[PV_PAGE_SIZE];

// A grant of that page; it stays for ever, but for pv_grant_end.
pv_grant_ref_t grant_to(pv_domid_t domain, bool read_only);
