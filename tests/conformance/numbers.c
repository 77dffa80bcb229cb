// SPDX-License-Identifier: MIT
// Hypercall numbers that nobody serves, and the calls that are there for kernels that insist on them.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/printf.h>

#include <pvabi/cpu.h>
#include <pvabi/features.h>

#define NOT_CANONICAL (UINT64_C(1) << 63)

static long call(unsigned number) { return pv_hypercall(number, 0, 0, 0, 0, 0); }

static long raw_syscall(unsigned long number)
{
    register unsigned long r10 __asm__("r10") = 0;
    register unsigned long r8 __asm__("r8") = 0;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(0), "S"(0), "d"(0), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
}

void conform_numbers(void)
{
    static const unsigned unused[] = {11, 43, 44, 45, 46, 47, 56, 60, 63};
    for (unsigned i = 0; i < sizeof unused / sizeof unused[0]; i++) {
        pv_printf("hypercall %u", unused[i]);
        say("", call(unused[i]));
    }
    say("nop", call(PV_HC_NOP));
    say("exit_status 0", call(PV_HC_EXIT_STATUS));
    say("exit_status 100", pv_exit_status(100));
    say("chainload of nothing", call(PV_HC_CHAINLOAD));
    say("hypercall 127", call(127));
    say("syscall instruction, xen_version", raw_syscall(PV_HC_XEN_VERSION) == (4 << 16 | 17) ? 0 : 1);
    say("syscall instruction, number 128", raw_syscall(128));
    say("syscall instruction, number of all ones in 32 bits", raw_syscall(0xffffffff));
    say("syscall instruction, number of all ones", raw_syscall(~0UL));

    say("platform_op", call(PV_HC_PLATFORM_OP));
    say("sysctl", call(PV_HC_SYSCTL));
    say("domctl", call(PV_HC_DOMCTL));
    say("kexec_op", call(PV_HC_KEXEC_OP));
    say("hypfs_op", call(PV_HC_HYPFS_OP));

    say("set_segment_base of fs, not canonical", pv_set_segment_base(PV_SEGBASE_FS, NOT_CANONICAL));
    say("set_segment_base of gs_user", pv_set_segment_base(PV_SEGBASE_GS_USER, 0x1000));
    say("set_segment_base of gs_user, not canonical", pv_set_segment_base(PV_SEGBASE_GS_USER, NOT_CANONICAL));
    say("set_segment_base of gs_user_sel", pv_set_segment_base(PV_SEGBASE_GS_USER_SEL, 0));
    say("set_segment_base of gs_kernel, not canonical", pv_set_segment_base(PV_SEGBASE_GS_KERNEL, NOT_CANONICAL));
    say("set_segment_base of gs_kernel", pv_set_segment_base(PV_SEGBASE_GS_KERNEL, 0));
    say("set_segment_base of fs", pv_set_segment_base(PV_SEGBASE_FS, 0));
    say("set_segment_base of number 4", pv_set_segment_base(4, 0));
    say("set_segment_base of number 2^32 - 1", pv_set_segment_base(~0U, 0));

    say("vm_assist enable writable_pagetables", pv_vm_assist(PV_VMASST_CMD_ENABLE, PV_VMASST_TYPE_WRITABLE_PAGETABLES));
    say("vm_assist disable writable_pagetables", pv_vm_assist(PV_VMASST_CMD_DISABLE, PV_VMASST_TYPE_WRITABLE_PAGETABLES));
    say("vm_assist enable pae_extended_cr3", pv_vm_assist(PV_VMASST_CMD_ENABLE, PV_VMASST_TYPE_PAE_EXTENDED_CR3));
    say("vm_assist enable 4gb_segments", pv_vm_assist(PV_VMASST_CMD_ENABLE, PV_VMASST_TYPE_4GB_SEGMENTS));
    say("vm_assist enable 4gb_segments_notify", pv_vm_assist(PV_VMASST_CMD_ENABLE, PV_VMASST_TYPE_4GB_SEGMENTS_NOTIFY));
    say("vm_assist disable architectural_iopl", pv_vm_assist(PV_VMASST_CMD_DISABLE, PV_VMASST_TYPE_ARCHITECTURAL_IOPL));
    say("vm_assist disable runstate_update_flag", pv_vm_assist(PV_VMASST_CMD_DISABLE, PV_VMASST_TYPE_RUNSTATE_UPDATE_FLAG));
    say("vm_assist disable m2p_strict", pv_vm_assist(PV_VMASST_CMD_DISABLE, PV_VMASST_TYPE_M2P_STRICT));
    say("vm_assist enable type 6", pv_vm_assist(PV_VMASST_CMD_ENABLE, 6));
    say("vm_assist enable type 31", pv_vm_assist(PV_VMASST_CMD_ENABLE, 31));
    say("vm_assist enable type 64", pv_vm_assist(PV_VMASST_CMD_ENABLE, 64));
    say("vm_assist command 2", pv_vm_assist(2, PV_VMASST_TYPE_WRITABLE_PAGETABLES));
    say("vm_assist command 2, type 64", pv_vm_assist(2, 64));
}
