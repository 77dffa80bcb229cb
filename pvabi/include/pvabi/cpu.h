// SPDX-License-Identifier: MIT
// The virtual CPU: selectors, registers, the trap table, the frame that iret takes, and the full context of a new vCPU.
// Source: Xen's public/arch-x86/xen.h and public/arch-x86/xen-x86_64.h.
//
// The frame a guest handler finds at its rsp, from low to high addresses, each entry 8 bytes:
//   rcx, r11, [error code, if the exception has one], rip, cs | saved upcall mask << 32, rflags, rsp, ss
// rsp is aligned down to 16 before the frame is pushed. cs has its privilege bits cleared (0xe030) when the guest's
// kernel was interrupted; rflags.IF is the negation of the saved upcall mask.
#pragma once

// Selectors that every guest has without asking. Assembly may use these.
#define PV_FLAT_RING3_CS32 0xe023
#define PV_FLAT_RING3_CS64 0xe033
#define PV_FLAT_RING3_DS32 0xe02b
#define PV_FLAT_RING3_DS64 0x0000
#define PV_FLAT_RING3_SS32 0xe02b
#define PV_FLAT_RING3_SS64 0xe02b
#define PV_FLAT_KERNEL_CS 0xe033
#define PV_FLAT_KERNEL_DS 0x0000
#define PV_FLAT_KERNEL_SS 0xe02b
#define PV_FLAT_USER_CS 0xe033
#define PV_FLAT_USER_DS 0x0000
#define PV_FLAT_USER_SS 0xe02b

// set_segment_base(which, base)
#define PV_SEGBASE_FS 0
#define PV_SEGBASE_GS_USER 1
#define PV_SEGBASE_GS_KERNEL 2
#define PV_SEGBASE_GS_USER_SEL 3

// pv_vcpu_guest_context.flags, and pv_iret_context.flags for the last one
#define PV_VGCF_I387_VALID 0x001
#define PV_VGCF_IN_KERNEL 0x004
#define PV_VGCF_FAILSAFE_DISABLES_EVENTS 0x008
#define PV_VGCF_SYSCALL_DISABLES_EVENTS 0x010
#define PV_VGCF_ONLINE 0x020
#define PV_VGCF_IN_SYSCALL 0x100 // iret need not restore rcx and r11

// pv_trap_info.flags
#define PV_TRAP_DPL_MASK 0x3    // least privileged level that may raise it by INT n
#define PV_TRAP_MASK_EVENTS 0x4 // set evtchn_upcall_mask on entry

#define PV_TRAP_VECTORS 256

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "assert.h"

struct pv_cpu_user_regs {
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t r11;
    uint64_t r10;
    uint64_t r9;
    uint64_t r8;
    uint64_t rax;
    uint64_t rcx;
    uint64_t rdx;
    uint64_t rsi;
    uint64_t rdi;
    uint32_t error_code;
    uint32_t entry_vector;
    uint64_t rip;
    uint16_t cs;
    uint16_t pad0[1];
    uint8_t saved_upcall_mask;
    uint8_t pad1[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss;
    uint16_t pad2[3];
    uint16_t es;
    uint16_t pad3[3];
    uint16_t ds;
    uint16_t pad4[3];
    uint16_t fs;
    uint16_t pad5[3];
    uint16_t gs;
    uint16_t pad6[3];
};

PV_ASSERT_SIZE(struct pv_cpu_user_regs, 200);
PV_ASSERT_ALIGN(struct pv_cpu_user_regs, 8);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r15, 0);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r14, 8);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r13, 16);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r12, 24);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rbp, 32);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rbx, 40);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r11, 48);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r10, 56);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r9, 64);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, r8, 72);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rax, 80);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rcx, 88);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rdx, 96);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rsi, 104);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rdi, 112);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, error_code, 120);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, entry_vector, 124);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rip, 128);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, cs, 136);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad0, 138);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, saved_upcall_mask, 140);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad1, 141);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rflags, 144);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, rsp, 152);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, ss, 160);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad2, 162);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, es, 168);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad3, 170);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, ds, 176);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad4, 178);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, fs, 184);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad5, 186);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, gs, 192);
PV_ASSERT_OFFSET(struct pv_cpu_user_regs, pad6, 194);

// One row of the table given to set_trap_table; a row with address 0 ends the table.
struct pv_trap_info {
    uint8_t vector;
    uint8_t flags; // PV_TRAP_*
    uint16_t cs;   // PV_FLAT_KERNEL_CS
    uint64_t address;
};

PV_ASSERT_SIZE(struct pv_trap_info, 16);
PV_ASSERT_ALIGN(struct pv_trap_info, 8);
PV_ASSERT_OFFSET(struct pv_trap_info, vector, 0);
PV_ASSERT_OFFSET(struct pv_trap_info, flags, 1);
PV_ASSERT_OFFSET(struct pv_trap_info, cs, 2);
PV_ASSERT_OFFSET(struct pv_trap_info, address, 8);

// What rsp points to when the guest makes the iret call.
struct pv_iret_context {
    uint64_t rax;
    uint64_t r11;
    uint64_t rcx;
    uint64_t flags; // 0 or PV_VGCF_IN_SYSCALL
    uint64_t rip;
    uint64_t cs; // privilege bits 3: return to guest user, else to guest kernel
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

PV_ASSERT_SIZE(struct pv_iret_context, 72);
PV_ASSERT_ALIGN(struct pv_iret_context, 8);
PV_ASSERT_OFFSET(struct pv_iret_context, rax, 0);
PV_ASSERT_OFFSET(struct pv_iret_context, r11, 8);
PV_ASSERT_OFFSET(struct pv_iret_context, rcx, 16);
PV_ASSERT_OFFSET(struct pv_iret_context, flags, 24);
PV_ASSERT_OFFSET(struct pv_iret_context, rip, 32);
PV_ASSERT_OFFSET(struct pv_iret_context, cs, 40);
PV_ASSERT_OFFSET(struct pv_iret_context, rflags, 48);
PV_ASSERT_OFFSET(struct pv_iret_context, rsp, 56);
PV_ASSERT_OFFSET(struct pv_iret_context, ss, 64);

struct pv_fpu_ctxt {
    char x[512]; // the image of fxsave64
};

PV_ASSERT_SIZE(struct pv_fpu_ctxt, 512);
PV_ASSERT_ALIGN(struct pv_fpu_ctxt, 1);
PV_ASSERT_OFFSET(struct pv_fpu_ctxt, x, 0);

// All of a vCPU's state, as vcpu_op initialise takes it.
struct pv_vcpu_guest_context {
    struct pv_fpu_ctxt fpu_ctxt;
    uint64_t flags; // PV_VGCF_*
    struct pv_cpu_user_regs user_regs;
    struct pv_trap_info trap_ctxt[PV_TRAP_VECTORS];
    uint64_t ldt_base;
    uint64_t ldt_ents;
    uint64_t gdt_frames[16];
    uint64_t gdt_ents;
    uint64_t kernel_ss;
    uint64_t kernel_sp;
    uint64_t ctrlreg[8];  // [1] holds the user page table, [3] the kernel one, as frame << 12
    uint64_t debugreg[8];
    uint64_t event_callback_eip;
    uint64_t failsafe_callback_eip;
    uint64_t syscall_callback_eip;
    uint64_t vm_assist;
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
};

PV_ASSERT_SIZE(struct pv_vcpu_guest_context, 5168);
PV_ASSERT_ALIGN(struct pv_vcpu_guest_context, 8);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, fpu_ctxt, 0);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, flags, 512);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, user_regs, 520);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, trap_ctxt, 720);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, ldt_base, 4816);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, ldt_ents, 4824);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, gdt_frames, 4832);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, gdt_ents, 4960);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, kernel_ss, 4968);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, kernel_sp, 4976);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, ctrlreg, 4984);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, debugreg, 5048);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, event_callback_eip, 5112);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, failsafe_callback_eip, 5120);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, syscall_callback_eip, 5128);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, vm_assist, 5136);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, fs_base, 5144);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, gs_base_kernel, 5152);
PV_ASSERT_OFFSET(struct pv_vcpu_guest_context, gs_base_user, 5160);

#endif // __ASSEMBLER__
