// SPDX-License-Identifier: MIT
// Handlers of the conformance guest's own, so that registering them and the frames they get can be looked at (entries.h).

#include <pvabi/hypercalls.h>

    .text
    // int3 while nobody is interested, and the second one of two: each counts.
    .globl  entry_breakpoint, entry_breakpoint_other
entry_breakpoint:
    incl    breakpoints(%rip)
    jmp     save_frame
entry_breakpoint_other:
    incl    other_breakpoints(%rip)
    jmp     save_frame

    // An event: the upcall is acknowledged, and counted.
    .globl  entry_upcall, entry_upcall_other
entry_upcall_other:
    incl    other_upcalls(%rip)
entry_upcall:
    incl    upcalls(%rip)
    push    %rax
    mov     pv_shared(%rip), %rax
    movb    $0, 0(%rax)                     // evtchn_upcall_pending
    pop     %rax
    // fall through

    // Keeps the frame as it was pushed (rcx, r11, rip, cs, rflags, rsp, ss), rflags and the mask as they are now, and returns.
save_frame:
    mov     %rsp, entered_rsp(%rip)
    .irp    n, 0, 1, 2, 3, 4, 5, 6
    mov     8*\n(%rsp), %r11
    mov     %r11, entered_frame+8*\n(%rip)
    .endr
    pushf
    pop     %r11
    mov     %r11, entered_rflags(%rip)
    mov     pv_shared(%rip), %r11
    movzbl  1(%r11), %r11d                  // evtchn_upcall_mask
    mov     %r11d, entered_mask(%rip)
    mov     %cs, %r11d
    mov     %r11d, entered_cs(%rip)
    mov     %ss, %r11d
    mov     %r11d, entered_ss(%rip)
    pop     %rcx
    pop     %r11
    push    $0                              // iret's flags
    jmp     pv_hypercall_page + PV_HC_IRET * PV_HYPERCALL_STUB_SIZE

    // long interrupted_with(uint64_t rcx, uint64_t r11): int3 with these in rcx and r11; 0 if they are there afterwards.
    .globl  interrupted_with
interrupted_with:
    mov     %rdi, %rcx
    mov     %rsi, %r11
    int3
    .globl  interrupted_at
interrupted_at:
    xor     %rdi, %rcx
    xor     %rsi, %r11
    mov     %rcx, %rax
    or      %r11, %rax
    ret

    // long multicall_to_iret(list, count): the context lies where rsp points at the multicall, which is a syscall instruction
    // because Xen's hypercall page leaves two words on the stack. Goes on at its rip with 77 in rax, or here with -1.
    .globl  multicall_to_iret
multicall_to_iret:
    mov     %rsp, %rdx
    lea     1f(%rip), %rcx
    push    $0xe02b                         // ss
    push    %rdx                            // rsp
    push    $0                              // rflags: events masked
    push    $0xe030                         // cs: the kernel
    push    %rcx                            // rip
    push    $0                              // flags
    push    $0                              // rcx
    push    $0                              // r11
    push    $77                             // rax
    mov     $PV_HC_MULTICALL, %eax
    syscall
    add     $72, %rsp
    mov     $-1, %rax
1:  ret

    .bss
    .balign 8
    .globl  breakpoints, other_breakpoints, upcalls, other_upcalls
    .globl  entered_rsp, entered_frame, entered_rflags, entered_mask, entered_cs, entered_ss
entered_rsp:        .skip 8
entered_frame:      .skip 56
entered_rflags:     .skip 8
entered_mask:       .skip 4
entered_cs:         .skip 4
entered_ss:         .skip 4
breakpoints:        .skip 4
other_breakpoints:  .skip 4
upcalls:            .skip 4
other_upcalls:      .skip 4

    .section .note.GNU-stack, "", @progbits
