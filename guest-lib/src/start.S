// SPDX-License-Identifier: MIT
// Where a guest begins: %rsi = start_info, %rsp = top of the boot stack, 64-bit mode, CPL 3, .bss already zero.
//
// Relocates the image to where it was loaded, moves to a stack of known size and calls pv_start_main(start_info,
// load_bias, boot_stack_top). Until the loop is done nothing may read a pointer from memory: RELATIVE fields hold
// link-time values.

#include <pv/config.h>

#define R_X86_64_RELATIVE 8

    .section .text.pv_start, "ax", @progbits
    .globl pv_start
    .hidden pv_notes, pv_relocations_begin, pv_relocations_end
    .type pv_start, @function
pv_start:
    cld
    xor     %ebp, %ebp                      // the end of every backtrace

    // load_bias = where we are - where the ENTRY note (the first one, descriptor at 16) says we were linked
    lea     pv_start(%rip), %rdi
    sub     pv_notes + 16(%rip), %rdi

    lea     pv_relocations_begin(%rip), %rbx
    lea     pv_relocations_end(%rip), %rcx
next:
    cmp     %rcx, %rbx
    jae     relocated
    mov     0(%rbx), %rdx                   // r_offset
    mov     16(%rbx), %rax                  // r_addend
    cmpq    $R_X86_64_RELATIVE, 8(%rbx)     // r_info: type, and no symbol
    jne     refused
    add     %rdi, %rax
    mov     %rax, (%rdi,%rdx)
    add     $24, %rbx
    jmp     next
refused:
    cmpq    $0, 8(%rbx)                     // R_X86_64_NONE: what the linker leaves of a relaxed relocation
    lea     24(%rbx), %rbx
    je      next
    ud2                                     // pv-guest.ld admits no other type

relocated:
    mov     %rsp, %rdx
    lea     pv_main_stack + PV_MAIN_STACK_SIZE(%rip), %rsp
    xchg    %rsi, %rdi                      // (start_info, load_bias, boot_stack_top)
    call    pv_start_main
    ud2
    .size pv_start, . - pv_start

    .section .bss.pv_main_stack, "aw", @nobits
    .balign 4096
    .skip   4096                            // the guard page on Xen (memory.c)
pv_main_stack:
    .skip   PV_MAIN_STACK_SIZE
    .size pv_main_stack, PV_MAIN_STACK_SIZE

    .section .note.GNU-stack, "", @progbits
