// SPDX-License-Identifier: MIT
// bad-pointers: every pointer a call takes is refused when it does not lie wholly in the guest's memory.
//
// This is how a guest would read or write what is not its own. Each argument is tried with null, the last bytes of memory,
// addresses beyond it, in the host's half and not canonical; the answer is always -EFAULT, and nothing has happened.

#include "pointer_calls.h"
#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/errno.h>

#define SPECIAL_FRAMES 33 // shared_info and the grant table

static uintptr_t bad[16];
static unsigned bad_count;

static void add(uintptr_t address)
{
    bad[bad_count++] = address;
}

static void check_pointers(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (unsigned k = 0; k < bad_count; k++)
            if (bad[k] != 0 || calls[i].use != NULL_IS_GOOD)
                if (!CHECK_EQUAL(make_call(&calls[i], bad[k]), -PV_EFAULT))
                    pv_printf("    %s with %#lx\n", calls[i].name, bad[k]);
}

// Pointers inside structs.
static void check_nested(void)
{
    for (unsigned k = 0; k < bad_count; k++) {
        struct pv_memory_map map = {.nr_entries = 4, .buffer = bad[k]};
        CHECK_EQUAL(pv_memory_op(PV_XENMEM_MEMORY_MAP, &map), -PV_EFAULT);
        CHECK_EQUAL(map.nr_entries, 4);
        struct pv_sched_poll poll = {.ports = bad[k], .nr_ports = 2, .timeout = 1};
        CHECK_EQUAL(pv_sched_op(PV_SCHEDOP_POLL, &poll), -PV_EFAULT);
        struct pv_gnttab_setup_table setup = {.dom = PV_DOMID_SELF, .nr_frames = 2, .frame_list = bad[k]};
        CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SETUP_TABLE, &setup, 1), 0);
        CHECK_EQUAL(setup.status, PV_GNTST_BAD_VIRT_ADDR);
        struct pv_chainload load = {.kernel_frames = bad[k], .kernel_bytes = 8192};
        CHECK_EQUAL(pv_chainload_op(&load), -PV_EFAULT);
    }
    struct pv_gnttab_query_size size = {.dom = PV_DOMID_SELF};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_QUERY_SIZE, &size, 1), 0);
    CHECK_EQUAL(size.nr_frames, 1); // no table grew
}

static pv_evtchn_port_t next_port(void)
{
    struct pv_evtchn_bind_ipi bind = {.vcpu = 0};
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_BIND_IPI, &bind), 0);
    struct pv_evtchn_close close = {.port = bind.port};
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_CLOSE, &close), 0);
    return bind.port;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const uintptr_t end = pv_base + ((pv_start_info->nr_pages + SPECIAL_FRAMES) << PV_PAGE_SHIFT);
    add(0);
    add(1);
    add(pv_base - 1);
    add(pv_base - 4096);
    add(end - 1);
    add(end);
    add(end + 4096);
    add(UINT64_C(0x7ffffffffffff));
    add(UINT64_C(0x8000000000000000));
    add(UINT64_C(0xffff800000000000));
    add(UINT64_MAX - 7);
    add(UINT64_MAX);
    const pv_evtchn_port_t before = next_port();
    check_pointers();
    check_nested();
    CHECK_EQUAL(next_port(), before); // no port was left behind
    return report_end();
}
