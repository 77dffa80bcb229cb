/* SPDX-License-Identifier: MIT
 * The ways into and out of a fiber guest. Offsets are those of FiberVcpu (vcpu_raw.hpp) and VcpuPage (shim/vcpu_page.hpp),
 * asserted there. FS is the host's, so thread-local words are at hand without touching a register of the guest's. */

#define PAGE(offset) offset(%r11)
#include "engine/frame.inc"

#define XSTATE 4824
#define XSTATE_MASK 4840
#define HAS_AVX2 4856
#define MXCSR 4860
#define X87_CONTROL 4864
#define OTHER_CONTROL 4866

#define ALLOW 0
#define BLOCK 1
#define DEFAULT_MXCSR 0x1f80
#define MXCSR_CONTROL 0xffc0
#define DEFAULT_X87 0x37f

        .text

/* A vCPU in a call: rax = number, the guest's stack holds its return address. Touches no guest memory. Left in r11: the vCPU. */
.macro SAVE_CALL
        movq    %fs:fiber_current@TPOFF, %r11
        movb    $ALLOW, %fs:fiber_selector@TPOFF
        STORE_CALL
        movw    $0, RETURN_KIND(%r11)           /* fast return, no vector state saved */
.endm
/* From a slot of the hypercall page; from those of iret and multicall, which leave by the whole frame, to the first label. */
        .globl  fiber_entry, fiber_entry_whole, fiber_entry_end
        .p2align 6
fiber_entry_whole:
        SAVE_CALL
        SAVE_KEPT
        jmp     .Lentered
        .p2align 6
fiber_entry:
        SAVE_CALL
.Lentered:
        movq    HOME_STACK(%r11), %rsp
fiber_entry_end:
        movq    %r11, %rdi
        CLEAR_FLAGS
        call    shim_hypercall
        testb   %al, %al
        jnz     .Lremote

/* The single exit path, a restartable sequence: all it needs is in the vCPU, so it can begin again at any point. */
        .globl  fiber_exit, fiber_exit_end
fiber_exit:
        movq    %fs:fiber_current@TPOFF, %r11
        movq    HOME_STACK(%r11), %rsp
        cmpb    $0, WORK_PENDING(%r11)
        jne     .Lwork
        movq    VCPU_INFO(%r11), %rcx
        /* Byte by byte, as they are written: one load of both would wait for a store of one of them. */
        cmpb    $0, UPCALL_PENDING(%rcx)
        je      .Lreturn
        cmpb    $0, UPCALL_MASK(%rcx)
        je      .Ldeliver
.Lreturn:
        cmpb    $RETURN_FULL, RETURN_KIND(%r11)
        je      .Lfull
        /* Fast: the call kept the callee-saved registers. */
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        LOAD_CALL
        movq    RSP(%r11), %rsp
        xorl    %r11d, %r11d                    /* a run that repeats must not see where things lie */
        ret
.Lfull:
        cmpb    $0, VECTOR_STATE_SAVED(%r11)
        je      3f
        movq    XSTATE(%r11), %rcx
        movl    XSTATE_MASK(%r11), %eax
        movl    XSTATE_MASK+4(%r11), %edx
        xrstor64 (%rcx)
3:      cmpq    $PLAIN_FLAGS, RFLAGS(%r11)
        jne     .Liretq
        /* The flags are those that an addition can leave: a handler that is entered, a call that it interrupted. A jump does
         * then what iretq does, at a tenth of its price; FS is ours, so its target needs no register. */
        movq    RIP(%r11), %rcx
        movq    %rcx, %fs:fiber_scratch@TPOFF
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        LOAD_ALL
        movq    RSP(%r11), %rsp
        movq    R11(%r11), %r11
        jmpq    *%fs:fiber_scratch@TPOFF
.Liretq:
        pushq   $HOST_SS
        pushq   RSP(%r11)
        pushq   RFLAGS(%r11)
        pushq   $HOST_CS
        pushq   RIP(%r11)
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        LOAD_ALL
        movq    R11(%r11), %r11
        iretq
fiber_exit_end:

.Lwork:
        movb    $0, WORK_PENDING(%r11)
        cmpb    $RETURN_FULL, RETURN_KIND(%r11)
        je      5f
        SAVE_KEPT                               /* for reports */
5:
        movl    $EXIT_PREEMPTED, EXIT_KIND(%r11)
        movq    %r11, %rdi
        call    home_remote
        jmp     fiber_exit
.Ldeliver:
        cmpb    $RETURN_FULL, RETURN_KIND(%r11)
        je      4f
        SAVE_KEPT                               /* the event's handler is entered, and left, by the whole frame */
4:      movq    %r11, %rdi
        call    shim_deliver_event
        jmp     fiber_exit

/* Where a signal handler sends an interrupted guest: on the vCPU's own stack, its registers and vector state saved. */
        .globl  fiber_landing
fiber_landing:
        movq    %fs:fiber_current@TPOFF, %rdi
        movq    HOME_STACK(%rdi), %rsp
        call    fiber_landed
        jmp     fiber_exit

/* The guest's xmm registers, across the monitor's code, which uses them freely. With AVX they are moved in pairs: half the
 * stores and loads, a tenth of a null call. The upper halves are not kept, and left clean: dirty ones would make every SSE
 * instruction slow. */
.macro SAVE_VECTOR base
        cmpb    $0, HAS_AVX2(\base)
        je      .Lsave_sse\@
        vinserti128 $1, %xmm1, %ymm0, %ymm0
        vinserti128 $1, %xmm3, %ymm2, %ymm2
        vinserti128 $1, %xmm5, %ymm4, %ymm4
        vinserti128 $1, %xmm7, %ymm6, %ymm6
        vinserti128 $1, %xmm9, %ymm8, %ymm8
        vinserti128 $1, %xmm11, %ymm10, %ymm10
        vinserti128 $1, %xmm13, %ymm12, %ymm12
        vinserti128 $1, %xmm15, %ymm14, %ymm14
        .irp n, 0, 2, 4, 6, 8, 10, 12, 14
        vmovdqa %ymm\n, VECTOR+16*\n(\base)
        .endr
        vzeroupper
        .subsection 1
.Lsave_sse\@:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps  %xmm\n, VECTOR+16*\n(\base)
        .endr
        jmp     .Lsaved\@
        .subsection 0
.Lsaved\@:
.endm
.macro RESTORE_VECTOR base
        cmpb    $0, HAS_AVX2(\base)
        je      .Lrestore_sse\@
        .irp n, 0, 2, 4, 6, 8, 10, 12, 14
        vmovdqa VECTOR+16*\n(\base), %ymm\n
        .endr
        vextracti128 $1, %ymm0, %xmm1
        vextracti128 $1, %ymm2, %xmm3
        vextracti128 $1, %ymm4, %xmm5
        vextracti128 $1, %ymm6, %xmm7
        vextracti128 $1, %ymm8, %xmm9
        vextracti128 $1, %ymm10, %xmm11
        vextracti128 $1, %ymm12, %xmm13
        vextracti128 $1, %ymm14, %xmm15
        vzeroupper
        .subsection 1
.Lrestore_sse\@:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps  VECTOR+16*\n(\base), %xmm\n
        .endr
        jmp     .Lrestored\@
        .subsection 0
.Lrestored\@:
.endm

/* The monitor computes with the usual control words of SSE and x87: looked at on the way out, and loaded only where the guest
 * has others, who then gets its own back. */
.macro STORE_CONTROL base
        stmxcsr MXCSR(\base)                   /* long before it is looked at: it takes its time */
        fnstcw  X87_CONTROL(\base)
.endm
.macro USUAL_CONTROL base
        movl    MXCSR(\base), %eax
        andl    $MXCSR_CONTROL, %eax
        cmpl    $DEFAULT_MXCSR, %eax
        jne     .Lother_control\@
        cmpw    $DEFAULT_X87, X87_CONTROL(\base)
        jne     .Lother_control\@
        movb    $0, OTHER_CONTROL(\base)
        .subsection 1
.Lother_control\@:
        movb    $1, OTHER_CONTROL(\base)
        pushq   $DEFAULT_X87
        fldcw   (%rsp)
        movl    $DEFAULT_MXCSR, (%rsp)
        ldmxcsr (%rsp)
        popq    %rax
        jmp     .Lusual_control\@
        .subsection 0
.Lusual_control\@:
.endm
.macro GUEST_CONTROL base
        cmpb    $0, OTHER_CONTROL(\base)
        jne     .Lload_control\@
        .subsection 1
.Lload_control\@:
        ldmxcsr MXCSR(\base)
        fldcw   X87_CONTROL(\base)
        jmp     .Lguest_control\@
        .subsection 0
.Lguest_control\@:
.endm

/* A call for the monitor, which answers it here, on the vCPU's stack; only to let somebody else run does it leave this stack. */
.Lremote:
        movq    %fs:fiber_current@TPOFF, %r11
        STORE_CONTROL %r11
        SAVE_KEPT                               /* for reports */
        movq    %r11, %rdi
        SAVE_VECTOR %rdi
        USUAL_CONTROL %rdi
        call    fiber_remote
        movq    %fs:fiber_current@TPOFF, %rdi
        movq    %rax, RAX(%rdi)
        GUEST_CONTROL %rdi
        RESTORE_VECTOR %rdi
        jmp     fiber_exit

/* home_remote(page): the same for everything that is not on the fast path. */
        .globl  home_remote
        .type   home_remote, @function
        .p2align 4
home_remote:
        pushq   %rdi
        STORE_CONTROL %rdi
        SAVE_VECTOR %rdi
        USUAL_CONTROL %rdi
        call    fiber_remote
        popq    %rdi
        movq    %rax, EXIT_RESULT(%rdi)
        GUEST_CONTROL %rdi
        RESTORE_VECTOR %rdi
        ret
        .size   home_remote, .-home_remote

        .section .note.GNU-stack, "", @progbits
