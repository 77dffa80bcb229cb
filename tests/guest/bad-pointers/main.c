// SPDX-License-Identifier: MIT
// bad-pointers: every pointer a call takes is refused when it does not lie wholly in the guest's memory.
//
// This is how a guest would read or write what is not its own. Each argument is tried with null, the last bytes of memory,
// addresses beyond it, in the host's half and not canonical; the answer is always -EFAULT, and nothing has happened.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/string.h>

#include <pvabi/callback.h>
#include <pvabi/console_io.h>
#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>
#include <pvabi/xen_version.h>

#define SPECIAL_FRAMES 33 // shared_info and the grant table

static uintptr_t bad[16];
static unsigned bad_count;

static void add(uintptr_t address)
{
    bad[bad_count++] = address;
}

struct call {
    const char *name;
    unsigned number, command, place; // place: which argument the pointer is, from 1
    unsigned long a2, a3;
    bool null_is_good;
};

static const struct call calls[] = {
    {"memory_map", PV_HC_MEMORY_OP, PV_XENMEM_MEMORY_MAP, 2, 0, 0, false},
    {"current_reservation", PV_HC_MEMORY_OP, PV_XENMEM_CURRENT_RESERVATION, 2, 0, 0, false},
    {"maximum_reservation", PV_HC_MEMORY_OP, PV_XENMEM_MAXIMUM_RESERVATION, 2, 0, 0, false},
    {"extraversion", PV_HC_XEN_VERSION, PV_XENVER_EXTRAVERSION, 2, 0, 0, false},
    {"capabilities", PV_HC_XEN_VERSION, PV_XENVER_CAPABILITIES, 2, 0, 0, false},
    {"changeset", PV_HC_XEN_VERSION, PV_XENVER_CHANGESET, 2, 0, 0, false},
    {"platform_parameters", PV_HC_XEN_VERSION, PV_XENVER_PLATFORM_PARAMETERS, 2, 0, 0, false},
    {"get_features", PV_HC_XEN_VERSION, PV_XENVER_GET_FEATURES, 2, 0, 0, false},
    {"console_io write", PV_HC_CONSOLE_IO, PV_CONSOLEIO_WRITE, 3, 64, 0, false},
    {"map_grant_ref", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_MAP_GRANT_REF, 2, 0, 1, false},
    {"unmap_grant_ref", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_UNMAP_GRANT_REF, 2, 0, 1, false},
    {"setup_table", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_SETUP_TABLE, 2, 0, 1, false},
    {"grant copy", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_COPY, 2, 0, 1, false},
    {"query_size", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_QUERY_SIZE, 2, 0, 1, false},
    {"callback register", PV_HC_CALLBACK_OP, PV_CALLBACKOP_REGISTER, 2, 0, 0, false},
    {"callback unregister", PV_HC_CALLBACK_OP, PV_CALLBACKOP_UNREGISTER, 2, 0, 0, false},
    {"singleshot timer", PV_HC_VCPU_OP, PV_VCPUOP_SET_SINGLESHOT_TIMER, 3, 0, 0, false},
    {"shutdown", PV_HC_SCHED_OP, PV_SCHEDOP_SHUTDOWN, 2, 0, 0, false},
    {"poll", PV_HC_SCHED_OP, PV_SCHEDOP_POLL, 2, 0, 0, false},
    {"bind_interdomain", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_INTERDOMAIN, 2, 0, 0, false},
    {"bind_virq", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_VIRQ, 2, 0, 0, false},
    {"close", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_CLOSE, 2, 0, 0, false},
    {"send", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_SEND, 2, 0, 0, false},
    {"status", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_STATUS, 2, 0, 0, false},
    {"alloc_unbound", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_ALLOC_UNBOUND, 2, 0, 0, false},
    {"bind_ipi", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_IPI, 2, 0, 0, false},
    {"bind_vcpu", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_VCPU, 2, 0, 0, false},
    {"unmask", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_UNMASK, 2, 0, 0, false},
    {"reset", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_RESET, 2, 0, 0, false},
    {"set_trap_table", PV_HC_SET_TRAP_TABLE, 0, 1, 0, 0, true},
    {"chainload", PV_HC_CHAINLOAD, 0, 1, 0, 0, false},
};

static long make(const struct call *call, uintptr_t pointer)
{
    switch (call->place) {
    case 1: return pv_hypercall(call->number, pointer, 0, 0, 0, 0);
    case 2: return pv_hypercall(call->number, call->command, pointer, call->a3, 0, 0);
    default: return pv_hypercall(call->number, call->command, call->a2, pointer, 0, 0);
    }
}

static void check_pointers(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (unsigned k = 0; k < bad_count; k++)
            if (bad[k] != 0 || !calls[i].null_is_good)
                if (!CHECK_EQUAL(make(&calls[i], bad[k]), -PV_EFAULT))
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
