// SPDX-License-Identifier: MIT
// hypercall-numbers: what is not there answers -ENOSYS, calls and commands alike, whatever the arguments.
//
// Kernels probe: they ask for a newer call and fall back to an older one. Any other answer, or an end, would keep them from it.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/xen_version.h>

static const unsigned served[] = {
    PV_HC_SET_TRAP_TABLE, PV_HC_STACK_SWITCH, PV_HC_SET_CALLBACKS, PV_HC_FPU_TASKSWITCH, PV_HC_MEMORY_OP,
    PV_HC_MULTICALL, PV_HC_UPDATE_VA_MAPPING, PV_HC_SET_TIMER_OP, PV_HC_XEN_VERSION, PV_HC_CONSOLE_IO,
    PV_HC_GRANT_TABLE_OP, PV_HC_VM_ASSIST, PV_HC_IRET, PV_HC_VCPU_OP, PV_HC_SET_SEGMENT_BASE, PV_HC_SCHED_OP, PV_HC_CALLBACK_OP,
    PV_HC_EVENT_CHANNEL_OP, PV_HC_CHAINLOAD, PV_HC_NOP, PV_HC_EXIT_STATUS,
};

static bool is_served(unsigned number)
{
    for (unsigned i = 0; i < sizeof served / sizeof served[0]; i++)
        if (served[i] == number)
            return true;
    return false;
}

// What Xen keeps for the domain that manages the others.
static bool is_for_managers(unsigned number)
{
    return number == PV_HC_PLATFORM_OP || number == PV_HC_SYSCTL || number == PV_HC_DOMCTL || number == PV_HC_KEXEC_OP ||
           number == PV_HC_HYPFS_OP;
}

static void check_calls(void)
{
    for (unsigned number = 0; number < PV_HYPERCALL_SLOTS; number++) {
        if (is_served(number))
            continue;
        const long expected = is_for_managers(number) ? -PV_EPERM : -PV_ENOSYS;
        CHECK_EQUAL(pv_hypercall(number, 0, 0, 0, 0, 0), expected);
        CHECK_EQUAL(pv_hypercall(number, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL), expected);
    }
}

static void check_commands(void)
{
    static const unsigned with_commands[] = {PV_HC_MEMORY_OP,      PV_HC_XEN_VERSION, PV_HC_CONSOLE_IO,      PV_HC_GRANT_TABLE_OP,
                                             PV_HC_VCPU_OP,        PV_HC_SCHED_OP,    PV_HC_EVENT_CHANNEL_OP, PV_HC_CALLBACK_OP,
                                             PV_HC_VM_ASSIST};
    static const unsigned unknown[] = {0x40, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xffffffff};
    static uint64_t argument[16];
    for (unsigned i = 0; i < sizeof with_commands / sizeof with_commands[0]; i++)
        for (unsigned k = 0; k < sizeof unknown / sizeof unknown[0]; k++) {
            const unsigned number = with_commands[i];
            const bool by_number = number == PV_HC_VCPU_OP || number == PV_HC_VM_ASSIST; // of a vCPU, of a switch: 0 is good
            const unsigned long second = by_number ? 0 : (unsigned long)argument;
            // Of grant_table_op, Xen keeps the bits above the twelfth for itself.
            const long expected = number == PV_HC_GRANT_TABLE_OP && unknown[k] > 0xfff ? -PV_EINVAL : -PV_ENOSYS;
            if (!CHECK_EQUAL(pv_hypercall(number, unknown[k], second, 0, 0, 0), expected))
                pv_printf("    call %u, command %#x\n", number, unknown[k]);
        }
}

// Known to Xen and refused for ever: grants version 2, FIFO event channels.
static void check_later_versions(void)
{
    static uint64_t argument[16] = {2};
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_SET_VERSION, argument, 1), -PV_ENOSYS);
    CHECK_EQUAL(pv_grant_table_op(PV_GNTTABOP_GET_STATUS_FRAMES, argument, 1), -PV_ENOSYS);
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_BIND_PIRQ, argument), -PV_ENOSYS);
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_INIT_CONTROL, argument), -PV_ENOSYS);
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_EXPAND_ARRAY, argument), -PV_ENOSYS);
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_SET_PRIORITY, argument), -PV_ENOSYS);
}

// What the others answer to arguments of all ones: an error, and the guest goes on.
static void check_nonsense(void)
{
    for (unsigned i = 0; i < sizeof served / sizeof served[0]; i++) {
        const unsigned number = served[i];
        if (number == PV_HC_IRET || number == PV_HC_NOP || number == PV_HC_STACK_SWITCH || number == PV_HC_SET_CALLBACKS ||
            number == PV_HC_FPU_TASKSWITCH || number == PV_HC_SET_TIMER_OP)
            continue; // succeed with anything, or do not return
        if (!CHECK_EQUAL(pv_hypercall(number, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL) < 0, true))
            pv_printf("    call %u\n", number);
    }
}

static void check_version(void)
{
    char text[PV_XEN_EXTRAVERSION_LEN];
    CHECK_EQUAL(pv_xen_version(PV_XENVER_VERSION, NULL), 4 << 16 | 17);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_PAGESIZE, NULL), 4096);
    memset(text, 'x', sizeof text);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_EXTRAVERSION, text), 0);
    CHECK_EQUAL(memcmp(text, "-pvisor-", 8), 0);
    for (size_t i = pv_strlen(text); i < sizeof text; i++)
        CHECK_EQUAL(text[i], 0);
    struct pv_feature_info features = {.submap_idx = 0};
    CHECK_EQUAL(pv_xen_version(PV_XENVER_GET_FEATURES, &features), 0);
    CHECK(features.submap & 1u << 2); // auto_translated_physmap
    features.submap_idx = 1;
    CHECK_EQUAL(pv_xen_version(PV_XENVER_GET_FEATURES, &features), -PV_EINVAL);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_calls();
    check_commands();
    check_later_versions();
    check_nonsense();
    check_version();
    return report_end();
}
