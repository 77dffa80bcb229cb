// SPDX-License-Identifier: MIT
// grants-copy: the library copies between a granted page and memory of our own, also where that crosses a page's end.
//
// The granted page is our own, granted to ourselves: the bytes can be seen on both sides.

#include "report.h"

#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>

static unsigned char shared[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
static unsigned char own[2 * PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));

static bool is_copy(const unsigned char *left, const unsigned char *right, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        if (left[i] != right[i])
            return false;
    return true;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const pv_domid_t self = (pv_domid_t)pv_xs_own_domid();
    const int granted = pv_grant_access(self, pv_virt_to_mfn(shared), false);
    const int fixed = pv_grant_access(self, pv_virt_to_mfn(shared), true);
    CHECK(granted > 0 && fixed > 0);
    const pv_grant_ref_t ref = (pv_grant_ref_t)granted;

    for (unsigned i = 0; i < sizeof shared; i++)
        shared[i] = (unsigned char)(i * 7 + i / 256);
    unsigned char *across = own + PV_PAGE_SIZE - 100;
    CHECK_EQUAL(pv_grant_read(self, ref, 0, across, PV_PAGE_SIZE), 0);
    CHECK(is_copy(across, shared, PV_PAGE_SIZE));
    CHECK_EQUAL(across[-1], 0);

    for (unsigned i = 0; i < 200; i++)
        across[i] = (unsigned char)~across[i];
    CHECK_EQUAL(pv_grant_write(self, ref, 300, across, 200), 0);
    CHECK(is_copy(shared + 300, across, 200));
    CHECK_EQUAL(shared[299], (unsigned char)(299 * 7 + 1));

    CHECK_EQUAL(pv_grant_read(self, ref, PV_PAGE_SIZE, own, 0), 0);
    CHECK_EQUAL(pv_grant_read(self, ref, PV_PAGE_SIZE, own, 1), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_read(self, ref, PV_PAGE_SIZE + 1, own, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_write(self, ref, 4000, own, 97), -PV_EINVAL);
    CHECK_EQUAL(pv_grant_write(self, (pv_grant_ref_t)fixed, 0, own, 1), -PV_EACCES);
    CHECK_EQUAL(pv_grant_read(self, 500, 0, own, 1), -PV_EACCES);
    CHECK_EQUAL(pv_grant_end(ref), 0);
    CHECK_EQUAL(pv_grant_read(self, ref, 0, own, 1), -PV_EACCES);
    return report_end();
}
