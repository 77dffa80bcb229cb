// SPDX-License-Identifier: MIT
// The page that the hypervisor fills: slot n of 32 bytes issues hypercall n. Until then every slot traps. A kernel whose
// notes name a page of its own defines pv_hypercall_page there, and this one is not linked.

    .section .text.pv_hypercall_page, "ax", @progbits
    .globl  pv_hypercall_page
    .balign 4096
pv_hypercall_page:
    .fill   2048, 2, 0x0b0f                 // ud2
    .size pv_hypercall_page, 4096

    .section .note.GNU-stack, "", @progbits
