// SPDX-License-Identifier: MIT
// Every call that takes a pointer, with the pointer left open.
#pragma once

#include <stdint.h>

#include <pv/hypercall.h>

#include <pvabi/callback.h>
#include <pvabi/console_io.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>
#include <pvabi/xen_version.h>

enum use {
    READS,
    ANSWERS, // writes there, too
    NULL_IS_GOOD,
};

struct call {
    const char *name;
    unsigned number, command, place; // place: which argument the pointer is, from 1
    unsigned long a2, a3;
    enum use use;
};

static const struct call calls[] = {
    {"memory_map", PV_HC_MEMORY_OP, PV_XENMEM_MEMORY_MAP, 2, 0, 0, ANSWERS},
    {"current_reservation", PV_HC_MEMORY_OP, PV_XENMEM_CURRENT_RESERVATION, 2, 0, 0, READS},
    {"maximum_reservation", PV_HC_MEMORY_OP, PV_XENMEM_MAXIMUM_RESERVATION, 2, 0, 0, READS},
    {"extraversion", PV_HC_XEN_VERSION, PV_XENVER_EXTRAVERSION, 2, 0, 0, ANSWERS},
    {"capabilities", PV_HC_XEN_VERSION, PV_XENVER_CAPABILITIES, 2, 0, 0, ANSWERS},
    {"changeset", PV_HC_XEN_VERSION, PV_XENVER_CHANGESET, 2, 0, 0, ANSWERS},
    {"platform_parameters", PV_HC_XEN_VERSION, PV_XENVER_PLATFORM_PARAMETERS, 2, 0, 0, ANSWERS},
    {"get_features", PV_HC_XEN_VERSION, PV_XENVER_GET_FEATURES, 2, 0, 0, ANSWERS},
    {"console_io write", PV_HC_CONSOLE_IO, PV_CONSOLEIO_WRITE, 3, 64, 0, READS},
    {"map_grant_ref", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_MAP_GRANT_REF, 2, 0, 1, ANSWERS},
    {"unmap_grant_ref", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_UNMAP_GRANT_REF, 2, 0, 1, ANSWERS},
    {"setup_table", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_SETUP_TABLE, 2, 0, 1, ANSWERS},
    {"grant copy", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_COPY, 2, 0, 1, ANSWERS},
    {"query_size", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_QUERY_SIZE, 2, 0, 1, ANSWERS},
    {"get_version", PV_HC_GRANT_TABLE_OP, PV_GNTTABOP_GET_VERSION, 2, 0, 1, ANSWERS},
    {"callback register", PV_HC_CALLBACK_OP, PV_CALLBACKOP_REGISTER, 2, 0, 0, READS},
    {"callback unregister", PV_HC_CALLBACK_OP, PV_CALLBACKOP_UNREGISTER, 2, 0, 0, READS},
    {"singleshot timer", PV_HC_VCPU_OP, PV_VCPUOP_SET_SINGLESHOT_TIMER, 3, 0, 0, READS},
    {"get_runstate_info", PV_HC_VCPU_OP, PV_VCPUOP_GET_RUNSTATE_INFO, 3, 0, 0, ANSWERS},
    {"shutdown", PV_HC_SCHED_OP, PV_SCHEDOP_SHUTDOWN, 2, 0, 0, READS},
    {"poll", PV_HC_SCHED_OP, PV_SCHEDOP_POLL, 2, 0, 0, READS},
    {"bind_interdomain", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_INTERDOMAIN, 2, 0, 0, ANSWERS},
    {"bind_virq", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_VIRQ, 2, 0, 0, ANSWERS},
    {"close", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_CLOSE, 2, 0, 0, READS},
    {"send", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_SEND, 2, 0, 0, READS},
    {"status", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_STATUS, 2, 0, 0, ANSWERS},
    {"alloc_unbound", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_ALLOC_UNBOUND, 2, 0, 0, ANSWERS},
    {"bind_ipi", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_IPI, 2, 0, 0, ANSWERS},
    {"bind_vcpu", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_BIND_VCPU, 2, 0, 0, READS},
    {"unmask", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_UNMASK, 2, 0, 0, READS},
    {"reset", PV_HC_EVENT_CHANNEL_OP, PV_EVTCHNOP_RESET, 2, 0, 0, READS},
    {"set_trap_table", PV_HC_SET_TRAP_TABLE, 0, 1, 0, 0, NULL_IS_GOOD},
    {"chainload", PV_HC_CHAINLOAD, 0, 1, 0, 0, READS},
};

static inline long make_call(const struct call *call, uintptr_t pointer)
{
    switch (call->place) {
    case 1: return pv_hypercall(call->number, pointer, 0, 0, 0, 0);
    case 2: return pv_hypercall(call->number, call->command, pointer, call->a3, 0, 0);
    default: return pv_hypercall(call->number, call->command, call->a2, pointer, 0, 0);
    }
}
