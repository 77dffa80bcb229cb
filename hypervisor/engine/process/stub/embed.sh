#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: embed.sh PROGRAM OUT.S: an assembly file whose bytes are the program's, between stub_image_begin and stub_image_end.
set -eu
cat > "$2" <<END
        .section .rodata
        .globl  stub_image_begin, stub_image_end
        .p2align 4
stub_image_begin:
        .incbin "$(realpath "$1")"
stub_image_end:
        .section .note.GNU-stack, "", @progbits
END
