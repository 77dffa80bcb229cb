/* SPDX-License-Identifier: MIT
 * The ways into and out of a fiber guest. Offsets are those of FiberVcpu (vcpu_raw.hpp) and VcpuPage (shim/vcpu_page.hpp),
 * asserted there. FS is the host's, so thread-local words are at hand without touching a register of the guest's. */

#define R15 0
#define R14 8
#define R13 16
#define R12 24
#define RBP 32
#define RBX 40
#define R11 48
#define R10 56
#define R9 64
#define R8 72
#define RAX 80
#define RCX 88
#define RDX 96
#define RSI 104
#define RDI 112
#define RIP 128
#define RFLAGS 144
#define RSP 152
#define RETURN_KIND 200
#define VECTOR_STATE_SAVED 201
#define WORK_PENDING 202
#define HOME_STACK 208
#define VCPU_INFO 216
#define EXIT_KIND 296
#define EXIT_RESULT 352
#define VECTOR 384
#define XSTATE 4760
#define XSTATE_MASK 4776
#define MONITOR_CONTEXT 4784

#define EXIT_PREEMPTED 3
#define RETURN_FULL 1
#define RETURN_REMOTE 2
#define ALLOW 0
#define BLOCK 1
#define HOST_CS 0x33
#define HOST_SS 0x2b
#define FLAG_TF_AC 0x40100

        .text

/* From a slot of the hypercall page: rax = number, the guest's stack holds its return address. Touches no guest memory. */
        .globl  fiber_entry, fiber_entry_end
        .p2align 6
fiber_entry:
        movq    %r11, %fs:fiber_scratch@TPOFF
        movq    %fs:fiber_current@TPOFF, %r11
        movb    $ALLOW, %fs:fiber_selector@TPOFF
        movq    %rax, RAX(%r11)
        movq    %rdi, RDI(%r11)
        movq    %rsi, RSI(%r11)
        movq    %rdx, RDX(%r11)
        movq    %rcx, RCX(%r11)
        movq    %r8, R8(%r11)
        movq    %r9, R9(%r11)
        movq    %r10, R10(%r11)
        movq    %rbx, RBX(%r11)
        movq    %rbp, RBP(%r11)
        movq    %r12, R12(%r11)
        movq    %r13, R13(%r11)
        movq    %r14, R14(%r11)
        movq    %r15, R15(%r11)
        movq    %rsp, RSP(%r11)
        movq    %fs:fiber_scratch@TPOFF, %rcx
        movq    %rcx, R11(%r11)
        movw    $0, RETURN_KIND(%r11)           /* fast return, no vector state saved */
        movq    HOME_STACK(%r11), %rsp
fiber_entry_end:
        cld
        /* Single-step and alignment-check flags would hit our own code: cleared only if set, popf is slow. */
        pushfq
        testl   $FLAG_TF_AC, (%rsp)
        jnz     1f
        addq    $8, %rsp
        jmp     2f
1:      andl    $~FLAG_TF_AC, (%rsp)
        popfq
2:      movq    %r11, %rdi
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
        movzwl  (%rcx), %eax                    /* al = upcall_pending, ah = upcall_mask */
        testb   %al, %al
        jz      .Lreturn
        testb   %ah, %ah
        jz      .Ldeliver
.Lreturn:
        cmpb    $RETURN_FULL, RETURN_KIND(%r11)
        je      .Lfull
        ja      .Lreturn_remote
        /* Fast: the call kept the callee-saved registers. */
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        movq    RAX(%r11), %rax
        movq    RDI(%r11), %rdi
        movq    RSI(%r11), %rsi
        movq    RDX(%r11), %rdx
        movq    RCX(%r11), %rcx
        movq    R8(%r11), %r8
        movq    R9(%r11), %r9
        movq    R10(%r11), %r10
        movq    RSP(%r11), %rsp
        movq    R11(%r11), %r11
        ret
        /* The same after the monitor ran. Its calls and returns have nothing to do with the guest's, so the CPU's stack of
         * return predictions is of no use and `ret` would always be mispredicted: an indirect jump is not. */
.Lreturn_remote:
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        movq    RAX(%r11), %rax
        movq    RDI(%r11), %rdi
        movq    RSI(%r11), %rsi
        movq    RDX(%r11), %rdx
        movq    RCX(%r11), %rcx
        movq    R8(%r11), %r8
        movq    R9(%r11), %r9
        movq    R10(%r11), %r10
        movq    RSP(%r11), %rsp
        movq    R11(%r11), %r11
        leaq    8(%rsp), %rsp
        jmp     *-8(%rsp)
.Lfull:
        cmpb    $0, VECTOR_STATE_SAVED(%r11)
        je      3f
        movq    XSTATE(%r11), %rcx
        movl    XSTATE_MASK(%r11), %eax
        movl    XSTATE_MASK+4(%r11), %edx
        xrstor64 (%rcx)
3:      pushq   $HOST_SS
        pushq   RSP(%r11)
        pushq   RFLAGS(%r11)
        pushq   $HOST_CS
        pushq   RIP(%r11)
        movb    $BLOCK, %fs:fiber_selector@TPOFF
        movq    RAX(%r11), %rax
        movq    RDI(%r11), %rdi
        movq    RSI(%r11), %rsi
        movq    RDX(%r11), %rdx
        movq    RCX(%r11), %rcx
        movq    R8(%r11), %r8
        movq    R9(%r11), %r9
        movq    R10(%r11), %r10
        movq    RBX(%r11), %rbx
        movq    RBP(%r11), %rbp
        movq    R12(%r11), %r12
        movq    R13(%r11), %r13
        movq    R14(%r11), %r14
        movq    R15(%r11), %r15
        movq    R11(%r11), %r11
        iretq
fiber_exit_end:

.Lwork:
        movb    $0, WORK_PENDING(%r11)
        movl    $EXIT_PREEMPTED, EXIT_KIND(%r11)
        movq    %r11, %rdi
        call    home_remote
        jmp     fiber_exit
.Ldeliver:
        movq    %r11, %rdi
        call    shim_deliver_event
        jmp     fiber_exit

/* Where a signal handler sends an interrupted guest: on the vCPU's own stack, its registers and vector state saved. */
        .globl  fiber_landing
fiber_landing:
        movq    %fs:fiber_current@TPOFF, %rdi
        movq    HOME_STACK(%rdi), %rsp
        call    fiber_landed
        jmp     fiber_exit

.macro SAVE_VECTOR base
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps  %xmm\n, VECTOR+16*\n(\base)
        .endr
.endm
.macro RESTORE_VECTOR base
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps  VECTOR+16*\n(\base), %xmm\n
        .endr
.endm

/* A call for the monitor: out and back with no `call` or `ret` in between, see .Lreturn_remote. The guest's xmm registers are
 * kept, the monitor's code uses them freely; x87 and MXCSR control words are kept by the context switch itself. */
.Lremote:
        movq    %fs:fiber_current@TPOFF, %rdi
        movb    $RETURN_REMOTE, RETURN_KIND(%rdi)
        SAVE_VECTOR %rdi
#ifdef PVISOR_ASAN_FIBERS
        call    fiber_switch_out
#else
        movq    MONITOR_CONTEXT(%rdi), %rdi
        xorl    %esi, %esi
        leaq    .Lback(%rip), %rax
        pushq   %rax
        jmp     jump_fcontext
.Lback: movq    %fs:fiber_current@TPOFF, %rdi
        movq    %rax, MONITOR_CONTEXT(%rdi)
#endif
        movq    %fs:fiber_current@TPOFF, %rdi
        RESTORE_VECTOR %rdi
        movq    EXIT_RESULT(%rdi), %rax
        movq    %rax, RAX(%rdi)
        jmp     fiber_exit

/* home_remote(page): the same for everything that is not on the fast path. */
        .globl  home_remote
        .type   home_remote, @function
        .p2align 4
home_remote:
        SAVE_VECTOR %rdi
        pushq   %rdi
        call    fiber_switch_out
        popq    %rdi
        RESTORE_VECTOR %rdi
        ret
        .size   home_remote, .-home_remote

        .section .note.GNU-stack, "", @progbits
