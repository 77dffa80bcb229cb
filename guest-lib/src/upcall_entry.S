// SPDX-License-Identifier: MIT
// Where the hypervisor enters the guest for events, and, if a return to it failed, for the failsafe callback.

#include "frame.inc"

    .text
    .globl pv_upcall_entry, pv_failsafe_entry
    .hidden pv_upcall_entry, pv_failsafe_entry

    .type pv_upcall_entry, @function
pv_upcall_entry:
    begin_frame 0, 0
    call_and_iret pv_upcall
    .size pv_upcall_entry, . - pv_upcall_entry

    // The hypervisor could not load the segment registers of an iret. The library never changes them: give up.
    .type pv_failsafe_entry, @function
pv_failsafe_entry:
    and     $-16, %rsp
    xor     %ebp, %ebp
    call    pv_failsafe
    ud2
    .size pv_failsafe_entry, . - pv_failsafe_entry

    .section .note.GNU-stack, "", @progbits
