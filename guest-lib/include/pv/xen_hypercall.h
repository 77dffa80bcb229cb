// SPDX-License-Identifier: MIT
// Hypercalls under the names that kernels written for Xen call them by, HYPERVISOR_*, together with all of Xen's names of
// numbers and structs (pvabi/xen_compat.h). To be included before any other header of pvabi and guest-lib.
//
// May be called as those of hypercall.h, which they are: in handlers and on any vCPU; answers are negated XEN_E* numbers.
//
// Example:
//     int ring(evtchn_port_t port)
//     {
//         struct evtchn_send send = {.port = port};
//         return (int)HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
//     }
#pragma once

#include <pvabi/xen_compat.h>

#include <pv/hypercall.h>

#define HYPERVISOR_set_trap_table(table) pv_set_trap_table(table)
#define HYPERVISOR_mmu_update(updates, count, done, domain) pv_mmu_update(updates, count, done, domain)
#define HYPERVISOR_mmuext_op(operations, count, done, domain) pv_mmuext_op(operations, count, done, domain)
#define HYPERVISOR_stack_switch(ss, rsp) pv_stack_switch(ss, rsp)
#define HYPERVISOR_set_callbacks(event, failsafe, syscall) \
    pv_set_callbacks((uintptr_t)(event), (uintptr_t)(failsafe), (uintptr_t)(syscall))
#define HYPERVISOR_memory_op(command, argument) pv_memory_op(command, argument)
#define HYPERVISOR_multicall(entries, count) pv_multicall(entries, count)
#define HYPERVISOR_update_va_mapping(address, entry, flags) pv_update_va_mapping(address, entry, flags)
#define HYPERVISOR_set_timer_op(deadline_ns) pv_set_timer_op(deadline_ns)
#define HYPERVISOR_xen_version(command, argument) pv_xen_version(command, argument)
#define HYPERVISOR_console_io(command, count, bytes) pv_console_io(command, count, bytes)
#define HYPERVISOR_grant_table_op(command, arguments, count) pv_grant_table_op(command, arguments, count)
#define HYPERVISOR_vm_assist(command, type) pv_vm_assist(command, type)
#define HYPERVISOR_vcpu_op(command, vcpu, argument) pv_vcpu_op(command, vcpu, argument)
#define HYPERVISOR_set_segment_base(which, base) pv_set_segment_base(which, base)
#define HYPERVISOR_sched_op(command, argument) pv_sched_op(command, argument)
#define HYPERVISOR_callback_op(command, argument) pv_callback_op(command, argument)
#define HYPERVISOR_event_channel_op(command, argument) pv_evtchn_op(command, argument)
