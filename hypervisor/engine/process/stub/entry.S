/* SPDX-License-Identifier: MIT
 * The ways into and out of the guest in a vCPU's process, and the gate to the host kernel. The vCPU's page lies at a fixed
 * address, so no register is needed to reach it. */

#define PAGE(offset) vcpu_area+offset(%rip)
#include "engine/frame.inc"

#define HOME_STACK_BYTES 32768

/* Where the monitor looks for what it must know (stub_image.hpp). */
        .section .stub_table, "a", @progbits
        .quad   stub_entry
        .quad   stub_entry_whole
        .quad   stub_gate_return

        .text

        .globl  _start
_start:
        leaq    stub_home_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    stub_main
        jmp     stub_exit

/* From a slot of the hypercall page: rax = number, the guest's stack holds the return address. Touches no guest memory. */
.macro SAVE_CALL
        STORE_CALL
        movw    $0, PAGE(RETURN_KIND)           /* fast return */
.endm

/* From the slots of iret and multicall, which leave by the whole frame, to the first label. */
        .globl  stub_entry, stub_entry_whole
        .p2align 6
stub_entry_whole:
        SAVE_CALL
        SAVE_KEPT
        jmp     .Lentered
        .p2align 6
stub_entry:
        SAVE_CALL
.Lentered:
        leaq    stub_home_top(%rip), %rsp
        leaq    vcpu_area(%rip), %rdi
        CLEAR_FLAGS
        call    shim_hypercall
        testb   %al, %al
        jnz     .Lremote

/* The single exit path, a restartable sequence: all it needs is in the page, so it can begin again at any point. */
        .globl  stub_exit, stub_exit_end
stub_exit:
        leaq    stub_home_top(%rip), %rsp
        cmpb    $0, PAGE(WORK_PENDING)
        jne     .Lwork
        movq    PAGE(VCPU_INFO), %rcx
        cmpb    $0, UPCALL_PENDING(%rcx)
        je      .Lreturn
        cmpb    $0, UPCALL_MASK(%rcx)
        je      .Ldeliver
.Lreturn:
        cmpb    $RETURN_FULL, PAGE(RETURN_KIND)
        je      .Lfull
        LOAD_CALL                               /* fast: the call kept the callee-saved registers */
        movq    PAGE(RSP), %rsp
        ret
.Lfull:
        cmpq    $PLAIN_FLAGS, PAGE(RFLAGS)
        jne     .Liretq
        /* The flags are those that an addition can leave: a jump does what iretq does, at a tenth of its price. */
        LOAD_ALL
        movq    PAGE(R11), %r11
        movq    PAGE(RSP), %rsp
        jmpq    *PAGE(RIP)
.Liretq:
        pushq   $HOST_SS
        pushq   PAGE(RSP)
        pushq   PAGE(RFLAGS)
        pushq   $HOST_CS
        pushq   PAGE(RIP)
        LOAD_ALL
        movq    PAGE(R11), %r11
        iretq
stub_exit_end:

.Lremote:
        SAVE_KEPT                               /* for reports */
        call    stub_remote
        movq    %rax, PAGE(RAX)
        jmp     stub_exit
.Lwork:
        movb    $0, PAGE(WORK_PENDING)
        cmpb    $RETURN_FULL, PAGE(RETURN_KIND)
        je      1f
        SAVE_KEPT
1:      movl    $EXIT_PREEMPTED, PAGE(EXIT_KIND)
        leaq    vcpu_area(%rip), %rdi
        call    home_remote
        jmp     stub_exit
.Ldeliver:
        cmpb    $RETURN_FULL, PAGE(RETURN_KIND)
        je      2f
        SAVE_KEPT                               /* the event's handler is entered, and left, by the whole frame */
2:      leaq    vcpu_area(%rip), %rdi
        call    shim_deliver_event
        jmp     stub_exit

/* stub_gate(number, a1 ... a6): the only instruction from which a system call is answered (gate.hpp). */
        .globl  stub_gate, stub_gate_return, stub_restore
        .type   stub_gate, @function
        .p2align 6
stub_gate:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
.Lgate: syscall
stub_gate_return:
        ret
        .size   stub_gate, .-stub_gate
        .skip   64 - (. - stub_gate)            /* start.cpp: kGateBytes */
/* Where a signal handler returns to. */
stub_restore:
        movl    $15, %eax
        jmp     .Lgate

        .bss
        .p2align 12
        .skip   HOME_STACK_BYTES
        .globl  stub_home_top
stub_home_top:

        .section .note.GNU-stack, "", @progbits
