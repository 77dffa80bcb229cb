// SPDX-License-Identifier: MIT
// Part of xen_compat.h: Xen's names of types. Read after pvabi's headers.
#pragma once

typedef pv_domid_t domid_t;
typedef pv_evtchn_port_t evtchn_port_t;
typedef pv_grant_ref_t grant_ref_t;
typedef pv_grant_handle_t grant_handle_t;
typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef uint16_t blkif_vdev_t;
typedef uint64_t blkif_sector_t;
typedef pv_ring_idx RING_IDX;
typedef pv_xencons_ring_idx XENCONS_RING_IDX;
typedef pv_xenstore_ring_idx XENSTORE_RING_IDX;
typedef int XenbusState;

typedef char xen_extraversion_t[16];
typedef char xen_capabilities_info_t[PV_XEN_CAPABILITIES_INFO_LEN];
typedef char xen_changeset_info_t[PV_XEN_CHANGESET_INFO_LEN];

typedef struct callback_register callback_register_t;
typedef struct callback_unregister callback_unregister_t;
typedef struct cpu_user_regs cpu_user_regs_t;
typedef struct trap_info trap_info_t;
typedef struct iret_context iret_context_t;
typedef struct vcpu_guest_context vcpu_guest_context_t;
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;
typedef struct evtchn_bind_virq evtchn_bind_virq_t;
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;
typedef struct evtchn_close evtchn_close_t;
typedef struct evtchn_send evtchn_send_t;
typedef struct evtchn_status evtchn_status_t;
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;
typedef struct evtchn_unmask evtchn_unmask_t;
typedef struct evtchn_reset evtchn_reset_t;
typedef struct grant_entry_v1 grant_entry_v1_t;
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;
typedef struct gnttab_setup_table gnttab_setup_table_t;
typedef struct gnttab_dump_table gnttab_dump_table_t;
typedef struct gnttab_transfer gnttab_transfer_t;
typedef struct gnttab_copy_ptr gnttab_copy_ptr_t;
typedef struct gnttab_copy gnttab_copy_t;
typedef struct gnttab_query_size gnttab_query_size_t;
typedef struct gnttab_unmap_and_replace gnttab_unmap_and_replace_t;
typedef struct gnttab_set_version gnttab_set_version_t;
typedef struct gnttab_get_version gnttab_get_version_t;
typedef struct blkif_request_segment blkif_request_segment_t;
typedef struct blkif_request blkif_request_t;
typedef struct blkif_request_discard blkif_request_discard_t;
typedef struct blkif_request_indirect blkif_request_indirect_t;
typedef struct blkif_response blkif_response_t;
typedef struct xencons_interface xencons_interface_t;
typedef struct netif_tx_request netif_tx_request_t;
typedef struct netif_extra_info netif_extra_info_t;
typedef struct netif_tx_response netif_tx_response_t;
typedef struct netif_rx_request netif_rx_request_t;
typedef struct netif_rx_response netif_rx_response_t;
typedef struct xsd_sockmsg xsd_sockmsg_t;
typedef struct xenstore_domain_interface xenstore_domain_interface_t;
typedef struct xen_memory_domain xen_memory_domain_t;
typedef struct xen_memory_reservation xen_memory_reservation_t;
typedef struct xen_memory_exchange xen_memory_exchange_t;
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
typedef struct xen_memory_map xen_memory_map_t;
typedef struct mmu_update mmu_update_t;
typedef struct mmuext_op mmuext_op_t;
typedef struct multicall_entry multicall_entry_t;
typedef struct sched_shutdown sched_shutdown_t;
typedef struct sched_poll sched_poll_t;
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
typedef struct sched_watchdog sched_watchdog_t;
typedef struct vcpu_time_info vcpu_time_info_t;
typedef struct arch_vcpu_info arch_vcpu_info_t;
typedef struct vcpu_info vcpu_info_t;
typedef struct arch_shared_info arch_shared_info_t;
typedef struct shared_info shared_info_t;
typedef struct start_info start_info_t;
typedef struct xen_multiboot_mod_list xen_multiboot_mod_list_t;
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
typedef struct vcpu_register_runstate_memory_area vcpu_register_runstate_memory_area_t;
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
typedef struct xen_compile_info xen_compile_info_t;
typedef struct xen_platform_parameters xen_platform_parameters_t;
typedef struct xen_feature_info xen_feature_info_t;

// In pvabi a guest's pointer inside a struct is a plain 64-bit number.
#define DEFINE_XEN_GUEST_HANDLE(name) typedef uint64_t __guest_handle_##name
#define XEN_GUEST_HANDLE(name) uint64_t
#define set_xen_guest_handle(handle, pointer) ((void)((handle) = (uint64_t)(uintptr_t)(pointer)))
