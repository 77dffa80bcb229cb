// SPDX-License-Identifier: MIT
// Hypercall numbers and the shape of the hypercall page.
//
// The call: number n is made by calling the stub at n * PV_HYPERCALL_STUB_SIZE in the hypercall page. Arguments go in
// rdi, rsi, rdx, r10, r8; the answer comes back in rax, a failure as a negated number of errno.h. rcx and r11 are lost
// unless the stub saves them; everything else is preserved. The content of the page belongs to the engine: a guest calls
// it and never reads it. Executing `syscall` in guest-kernel mode with the number in rax is the same call, slower here.
//
// Having a number here does not mean that the call is answered: ABI.md lists those that are; all others give -ENOSYS.
// Numbers 0 to 55 are Xen's (Xen's public/xen.h); 64 and up are ours and described in extensions.h.
//
// No include and no suffixes on numbers: assembly may include this file.
#pragma once

#define PV_HYPERCALL_STUB_SIZE 32
#define PV_HYPERCALL_PAGE_SIZE 4096
#define PV_HYPERCALL_SLOTS 128 // page size / stub size: no number beyond 127 has a stub

#define PV_HC_SET_TRAP_TABLE 0
#define PV_HC_MMU_UPDATE 1
#define PV_HC_SET_GDT 2
#define PV_HC_STACK_SWITCH 3
#define PV_HC_SET_CALLBACKS 4
#define PV_HC_FPU_TASKSWITCH 5
#define PV_HC_SCHED_OP_COMPAT 6
#define PV_HC_PLATFORM_OP 7
#define PV_HC_SET_DEBUGREG 8
#define PV_HC_GET_DEBUGREG 9
#define PV_HC_UPDATE_DESCRIPTOR 10
#define PV_HC_MEMORY_OP 12
#define PV_HC_MULTICALL 13
#define PV_HC_UPDATE_VA_MAPPING 14
#define PV_HC_SET_TIMER_OP 15
#define PV_HC_EVENT_CHANNEL_OP_COMPAT 16
#define PV_HC_XEN_VERSION 17
#define PV_HC_CONSOLE_IO 18
#define PV_HC_PHYSDEV_OP_COMPAT 19
#define PV_HC_GRANT_TABLE_OP 20
#define PV_HC_VM_ASSIST 21
#define PV_HC_UPDATE_VA_MAPPING_OTHERDOMAIN 22
#define PV_HC_IRET 23
#define PV_HC_VCPU_OP 24
#define PV_HC_SET_SEGMENT_BASE 25
#define PV_HC_MMUEXT_OP 26
#define PV_HC_XSM_OP 27
#define PV_HC_NMI_OP 28
#define PV_HC_SCHED_OP 29
#define PV_HC_CALLBACK_OP 30
#define PV_HC_XENOPROF_OP 31
#define PV_HC_EVENT_CHANNEL_OP 32
#define PV_HC_PHYSDEV_OP 33
#define PV_HC_HVM_OP 34
#define PV_HC_SYSCTL 35
#define PV_HC_DOMCTL 36
#define PV_HC_KEXEC_OP 37
#define PV_HC_TMEM_OP 38
#define PV_HC_ARGO_OP 39
#define PV_HC_XENPMU_OP 40
#define PV_HC_DM_OP 41
#define PV_HC_HYPFS_OP 42
#define PV_HC_ARCH_0 48
#define PV_HC_ARCH_1 49
#define PV_HC_ARCH_2 50
#define PV_HC_ARCH_3 51
#define PV_HC_ARCH_4 52
#define PV_HC_ARCH_5 53
#define PV_HC_ARCH_6 54
#define PV_HC_ARCH_7 55
#define PV_HC_XEN_LAST 55 // numbers above this and below 64 are nobody's

// Ours.
#define PV_HC_EXTENSION_FIRST 64
#define PV_HC_CHAINLOAD 64
#define PV_HC_NOP 65
#define PV_HC_EXIT_STATUS 66
#define PV_HC_EXTENSION_LAST 66
