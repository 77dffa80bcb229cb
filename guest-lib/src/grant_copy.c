// SPDX-License-Identifier: MIT
// Copying between a granted page and memory of our own. A page goes in two parts where our end crosses a page's end.

#include <pv/grant.h>

#include <pv/hypercall.h>
#include <pv/memory.h>

#include <pvabi/errno.h>

static int copy(struct pv_gnttab_copy *parts, unsigned count)
{
    const long result = pv_grant_table_op(PV_GNTTABOP_COPY, parts, count);
    if (result < 0)
        return (int)result;
    for (unsigned i = 0; i < count; i++)
        if (parts[i].status != PV_GNTST_OKAY)
            return -PV_EACCES;
    return 0;
}

static int transfer(struct pv_gnttab_copy_ptr granted, uintptr_t own, unsigned size, uint16_t flags)
{
    if (size > (unsigned)PV_PAGE_SIZE - granted.offset)
        return -PV_EINVAL;
    struct pv_gnttab_copy parts[2];
    unsigned count = 0;
    while (size) {
        const unsigned in_page = (unsigned)(own % PV_PAGE_SIZE);
        const unsigned room = PV_PAGE_SIZE - in_page;
        const unsigned length = size < room ? size : room;
        const struct pv_gnttab_copy_ptr ours = {
            .u.gmfn = pv_virt_to_mfn((const void *)own), .domid = PV_DOMID_SELF, .offset = (uint16_t)in_page};
        const bool reads = flags == PV_GNTCOPY_SOURCE_GREF;
        parts[count++] = (struct pv_gnttab_copy){
            .source = reads ? granted : ours, .dest = reads ? ours : granted, .len = (uint16_t)length, .flags = flags};
        granted.offset = (uint16_t)(granted.offset + length);
        own += length;
        size -= length;
    }
    return copy(parts, count);
}

int pv_grant_read(pv_domid_t owner, pv_grant_ref_t ref, unsigned offset, void *to, unsigned size)
{
    if (offset > PV_PAGE_SIZE)
        return -PV_EINVAL;
    const struct pv_gnttab_copy_ptr source = {.u.ref = ref, .domid = owner, .offset = (uint16_t)offset};
    return transfer(source, (uintptr_t)to, size, PV_GNTCOPY_SOURCE_GREF);
}

int pv_grant_write(pv_domid_t owner, pv_grant_ref_t ref, unsigned offset, const void *from, unsigned size)
{
    if (offset > PV_PAGE_SIZE)
        return -PV_EINVAL;
    const struct pv_gnttab_copy_ptr dest = {.u.ref = ref, .domid = owner, .offset = (uint16_t)offset};
    return transfer(dest, (uintptr_t)from, size, PV_GNTCOPY_DEST_GREF);
}
