// SPDX-License-Identifier: MIT
// The kernel's own beginning and its own entry for upcalls. The hypercall page is the library's.

#include <pvabi/elfnote.h>
#include <pvabi/features.h>
#include <pvabi/hypercalls.h>

#define VIRT_BASE 0x40000000 // as in kernel.ld

.macro note type, value
    .long 4, 8, \type
    .asciz "Xen"
    .quad \value
.endm

    .section .note.Xen, "a", @note
    .balign 4
    note PV_ELFNOTE_ENTRY, _start
    note PV_ELFNOTE_HYPERCALL_PAGE, pv_hypercall_page
    note PV_ELFNOTE_VIRT_BASE, VIRT_BASE
    note PV_ELFNOTE_PADDR_OFFSET, VIRT_BASE
    .long 4, 8, PV_ELFNOTE_XEN_VERSION
    .asciz "Xen", "xen-3.0"
    .long 4, 8, PV_ELFNOTE_LOADER
    .asciz "Xen", "generic"
    .long 4, 4, PV_ELFNOTE_SUPPORTED_FEATURES
    .asciz "Xen"
    .long 1 << PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP

    .text
    .globl _start
_start:
    cld
    mov     %rsi, %rdi                      // start_info
    mov     %rsp, %rsi                      // the end of what the builder put into memory
    lea     stack_top(%rip), %rsp
    xor     %ebp, %ebp
    call    start_kernel
    ud2

    // rsp -> rcx, r11, rip, cs, rflags, rsp, ss. Handlers are compiled without vector registers.
    .globl upcall_entry
upcall_entry:
    .irp register, rax, rdx, rsi, rdi, r8, r9, r10, rbx
    push    %\register
    .endr
    mov     %rsp, %rbx
    and     $-16, %rsp
    cld
    call    upcall
    mov     %rbx, %rsp
    .irp register, rbx, r10, r9, r8, rdi, rsi, rdx, rax
    pop     %\register
    .endr
    pop     %rcx
    pop     %r11
    push    $0                              // iret's flags
    jmp     pv_hypercall_page + PV_HC_IRET * PV_HYPERCALL_STUB_SIZE

    .bss
    .balign 16
    .skip   0x4000
stack_top:

    .section .note.GNU-stack, "", @progbits
