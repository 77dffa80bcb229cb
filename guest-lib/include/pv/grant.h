// SPDX-License-Identifier: MIT
// Grants: sharing pages with other domains. The owner names a page and a domain and gets a reference, a number that it
// passes on by xenstore or a ring; the other domain maps the page, or copies out of it, by owner and reference.
//
// Giving and ending work in handlers, with one vCPU at a time; mapping and copying do not. Answers are 0, or a negated PV_E*.
//
// Example:
//     #include <pv/memory.h>
//     int lend(pv_domid_t peer, void *page)
//     {
//         return pv_grant_access(peer, pv_virt_to_mfn(page), false);
//     }
//     int take_back(int ref)
//     {
//         return pv_grant_end((pv_grant_ref_t)ref); // -PV_EBUSY while the peer has it mapped
//     }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pvabi/grant_table.h>

#ifdef __cplusplus
extern "C" {
#endif

// Lets a domain use a frame. Returns the reference, or -PV_ENOSPC if the table is full.
int pv_grant_access(pv_domid_t domain, uint64_t mfn, bool read_only);

// Ends it: 0, or -PV_EBUSY while the domain still uses the frame, which must then not be used for anything else.
int pv_grant_end(pv_grant_ref_t ref);

// References that can still be given.
unsigned pv_grants_available(void);

// A mapping of another domain's page.
struct pv_grant_mapping {
    void *address; // a whole page
    pv_grant_handle_t handle;
};

// Maps a granted page. Returns 0, -PV_ENOMEM, or -PV_EACCES if the owner granted nothing of the kind.
int pv_grant_map(pv_domid_t owner, pv_grant_ref_t ref, bool read_only, struct pv_grant_mapping *mapping);

// Ends the mapping; its address means nothing afterwards.
int pv_grant_unmap(struct pv_grant_mapping *mapping);

// Copies bytes between a granted page, from `offset` on, and memory of our own, without mapping anything. `size` and `offset`
// stay in that page, or -PV_EINVAL. -PV_EACCES if the owner granted nothing of the kind. What was copied before an error is
// not known.
int pv_grant_read(pv_domid_t owner, pv_grant_ref_t ref, unsigned offset, void *to, unsigned size);
int pv_grant_write(pv_domid_t owner, pv_grant_ref_t ref, unsigned offset, const void *from, unsigned size);

#ifdef __cplusplus
}
#endif
