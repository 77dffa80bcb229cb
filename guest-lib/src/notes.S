// SPDX-License-Identifier: MIT
// The ELF notes whose descriptors are texts or numbers. Those that hold addresses are in pv-guest.ld.

#include <pvabi/elfnote.h>
#include <pvabi/features.h>

.macro text_note type, text
    .long 4, 2f - 1f, \type
    .asciz "Xen"
1:  .asciz "\text"
2:  .balign 4
.endm

    .section .note.pv, "a", @note
    .balign 4
    .globl  pv_text_notes
pv_text_notes:
    text_note PV_ELFNOTE_XEN_VERSION, "xen-3.0"
    text_note PV_ELFNOTE_LOADER, "generic"
    text_note PV_ELFNOTE_GUEST_OS, "pv-guest"
    text_note PV_ELFNOTE_GUEST_VERSION, "1"
    text_note PV_ELFNOTE_PAE_MODE, "yes"
    text_note PV_ELFNOTE_FEATURES, ""

    // auto_translated_physmap (level 0) is welcome, not required; dom0 lets Xen start the file as its first domain.
    .long 4, 4, PV_ELFNOTE_SUPPORTED_FEATURES
    .asciz "Xen"
    .long (1 << PV_XENFEAT_AUTO_TRANSLATED_PHYSMAP) | (1 << PV_XENFEAT_DOM0)

    .section .note.GNU-stack, "", @progbits
