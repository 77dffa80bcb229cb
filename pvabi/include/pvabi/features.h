// SPDX-License-Identifier: MIT
// Feature bits: what XENVER_get_features reports and ELF notes ask for; and the switches of vm_assist.
// Source: Xen's public/features.h and public/xen.h. No include and no suffixes: assembly may include this file.
#pragma once

// Bit numbers. A kernel lists them by name in the FEATURES note ("!" before a name: it cannot do without) or as a mask in
// SUPPORTED_FEATURES, and learns by xen_version(XENVER_get_features) which ones it has.
#define PV_XENFEAT_WRITABLE_PAGE_TABLES 0
#define PV_XENFEAT_WRITABLE_DESCRIPTOR_TABLES 1
#define PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP 2
#define PV_XENFEAT_SUPERVISOR_MODE_KERNEL 3
#define PV_XENFEAT_PAE_PGDIR_ABOVE_4GB 4
#define PV_XENFEAT_MMU_PT_UPDATE_PRESERVE_AD 5
#define PV_XENFEAT_HIGHMEM_ASSIST 6
#define PV_XENFEAT_GNTTAB_MAP_AVAIL_BITS 7
#define PV_XENFEAT_HVM_CALLBACK_VECTOR 8
#define PV_XENFEAT_HVM_SAFE_PVCLOCK 9
#define PV_XENFEAT_HVM_PIRQS 10
#define PV_XENFEAT_DOM0 11
#define PV_XENFEAT_MEMORY_OP_VNODE_SUPPORTED 13
#define PV_XENFEAT_ARM_SMCCC_SUPPORTED 14
#define PV_XENFEAT_LINUX_RSDP_UNRESTRICTED 15
#define PV_XENFEAT_NOT_DIRECT_MAPPED 16
#define PV_XENFEAT_DIRECT_MAPPED 17
#define PV_XENFEAT_NR_SUBMAPS 1 // 32 bits each

// vm_assist(cmd, type)
#define PV_VMASST_CMD_ENABLE 0
#define PV_VMASST_CMD_DISABLE 1
#define PV_VMASST_TYPE_4GB_SEGMENTS 0
#define PV_VMASST_TYPE_4GB_SEGMENTS_NOTIFY 1
#define PV_VMASST_TYPE_WRITABLE_PAGETABLES 2
#define PV_VMASST_TYPE_PAE_EXTENDED_CR3 3
#define PV_VMASST_TYPE_ARCHITECTURAL_IOPL 4
#define PV_VMASST_TYPE_RUNSTATE_UPDATE_FLAG 5
#define PV_VMASST_TYPE_M2P_STRICT 32
