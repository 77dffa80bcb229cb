// SPDX-License-Identifier: MIT
// Where the hypervisor enters the guest for exceptions: one stub of 32 bytes for each of the vectors 0 to 31.

#include "frame.inc"

    .text
    .globl pv_trap_stubs
    .hidden pv_trap_stubs
    .type pv_trap_stubs, @object
    .balign 32
pv_trap_stubs:
    .set    vector, 0
    .rept   32
    .balign 32
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    begin_frame vector, 1
    .else
    begin_frame vector, 0
    .endif
    jmp     enter
    .set    vector, vector + 1
    .endr
    .balign 32
    .size pv_trap_stubs, . - pv_trap_stubs

    .type enter, @function
enter:
    call_and_iret pv_trap
    .size enter, . - enter

    .section .note.GNU-stack, "", @progbits
