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
#define VECTOR 384
#define XSTATE 4760
#define XSTATE_MASK 4776

#define EXIT_PREEMPTED 3
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
        cmpb    $0, RETURN_KIND(%r11)
        jne     .Lfull
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

/* home_remote(page): to the monitor and back, the guest's xmm registers kept. The monitor's code uses them freely. x87 and
 * MXCSR control words are kept by the context switch itself. */
        .globl  home_remote
        .type   home_remote, @function
        .p2align 4
home_remote:
        movaps  %xmm0, VECTOR+0(%rdi)
        movaps  %xmm1, VECTOR+16(%rdi)
        movaps  %xmm2, VECTOR+32(%rdi)
        movaps  %xmm3, VECTOR+48(%rdi)
        movaps  %xmm4, VECTOR+64(%rdi)
        movaps  %xmm5, VECTOR+80(%rdi)
        movaps  %xmm6, VECTOR+96(%rdi)
        movaps  %xmm7, VECTOR+112(%rdi)
        movaps  %xmm8, VECTOR+128(%rdi)
        movaps  %xmm9, VECTOR+144(%rdi)
        movaps  %xmm10, VECTOR+160(%rdi)
        movaps  %xmm11, VECTOR+176(%rdi)
        movaps  %xmm12, VECTOR+192(%rdi)
        movaps  %xmm13, VECTOR+208(%rdi)
        movaps  %xmm14, VECTOR+224(%rdi)
        movaps  %xmm15, VECTOR+240(%rdi)
        pushq   %rdi
        call    fiber_switch_out
        popq    %rdi
        movaps  VECTOR+0(%rdi), %xmm0
        movaps  VECTOR+16(%rdi), %xmm1
        movaps  VECTOR+32(%rdi), %xmm2
        movaps  VECTOR+48(%rdi), %xmm3
        movaps  VECTOR+64(%rdi), %xmm4
        movaps  VECTOR+80(%rdi), %xmm5
        movaps  VECTOR+96(%rdi), %xmm6
        movaps  VECTOR+112(%rdi), %xmm7
        movaps  VECTOR+128(%rdi), %xmm8
        movaps  VECTOR+144(%rdi), %xmm9
        movaps  VECTOR+160(%rdi), %xmm10
        movaps  VECTOR+176(%rdi), %xmm11
        movaps  VECTOR+192(%rdi), %xmm12
        movaps  VECTOR+208(%rdi), %xmm13
        movaps  VECTOR+224(%rdi), %xmm14
        movaps  VECTOR+240(%rdi), %xmm15
        ret
        .size   home_remote, .-home_remote

        .section .note.GNU-stack, "", @progbits
