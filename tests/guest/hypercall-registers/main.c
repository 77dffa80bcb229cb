// SPDX-License-Identifier: MIT
// hypercall-registers: a call keeps every register but rax, rcx and r11.
//
// Kernels written in assembler rely on it, and compilers rely on the library's word for it. A local call is made of compiled
// code, a remote one runs the whole monitor on the same CPU: both would like to use registers that are the guest's. Each
// call is made with a pattern in all of them, by the hypercall page and by a raw `syscall`.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>

#include <pvabi/xen_version.h>

struct registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rflags;
};

struct vectors {
    uint8_t xmm[16][16];
};

// Loads registers and vectors, calls the target (0: executes `syscall`), stores what is there afterwards.
void call_with(struct registers *registers, struct vectors *vectors, const void *target);
__asm__(".text\n"
        "call_with:\n"
        "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "    push %rsi; push %rdi; push %rdx\n" // rsp: target, registers, vectors
        "    movups 0(%rsi), %xmm0;    movups 16(%rsi), %xmm1;   movups 32(%rsi), %xmm2;   movups 48(%rsi), %xmm3\n"
        "    movups 64(%rsi), %xmm4;   movups 80(%rsi), %xmm5;   movups 96(%rsi), %xmm6;   movups 112(%rsi), %xmm7\n"
        "    movups 128(%rsi), %xmm8;  movups 144(%rsi), %xmm9;  movups 160(%rsi), %xmm10; movups 176(%rsi), %xmm11\n"
        "    movups 192(%rsi), %xmm12; movups 208(%rsi), %xmm13; movups 224(%rsi), %xmm14; movups 240(%rsi), %xmm15\n"
        "    mov 0(%rdi), %rax;  mov 8(%rdi), %rbx;   mov 16(%rdi), %rcx;  mov 24(%rdi), %rdx; mov 32(%rdi), %rsi\n"
        "    mov 48(%rdi), %rbp; mov 56(%rdi), %r8;   mov 64(%rdi), %r9;   mov 72(%rdi), %r10; mov 80(%rdi), %r11\n"
        "    mov 88(%rdi), %r12; mov 96(%rdi), %r13;  mov 104(%rdi), %r14; mov 112(%rdi), %r15\n"
        "    mov 40(%rdi), %rdi\n"
        "    cmpq $0, (%rsp)\n"
        "    je 1f\n"
        "    call *(%rsp)\n"
        "    jmp 2f\n"
        "1:  syscall\n"
        "2:  pushfq\n"
        "    push %rdi\n" // rsp: rdi, flags, target, registers, vectors
        "    mov 24(%rsp), %rdi\n"
        "    mov %rax, 0(%rdi);  mov %rbx, 8(%rdi);   mov %rcx, 16(%rdi);  mov %rdx, 24(%rdi); mov %rsi, 32(%rdi)\n"
        "    mov %rbp, 48(%rdi); mov %r8, 56(%rdi);   mov %r9, 64(%rdi);   mov %r10, 72(%rdi); mov %r11, 80(%rdi)\n"
        "    mov %r12, 88(%rdi); mov %r13, 96(%rdi);  mov %r14, 104(%rdi); mov %r15, 112(%rdi)\n"
        "    popq 40(%rdi)\n"
        "    popq 120(%rdi)\n"
        "    add $16, %rsp\n"
        "    pop %rsi\n"
        "    movups %xmm0, 0(%rsi);    movups %xmm1, 16(%rsi);   movups %xmm2, 32(%rsi);   movups %xmm3, 48(%rsi)\n"
        "    movups %xmm4, 64(%rsi);   movups %xmm5, 80(%rsi);   movups %xmm6, 96(%rsi);   movups %xmm7, 112(%rsi)\n"
        "    movups %xmm8, 128(%rsi);  movups %xmm9, 144(%rsi);  movups %xmm10, 160(%rsi); movups %xmm11, 176(%rsi)\n"
        "    movups %xmm12, 192(%rsi); movups %xmm13, 208(%rsi); movups %xmm14, 224(%rsi); movups %xmm15, 240(%rsi)\n"
        "    cld\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n");

#define DIRECTION_FLAG 0x400

static void check_call(const char *what, unsigned number, bool raw, uint64_t rdi, uint64_t answer)
{
    struct registers before, after;
    struct vectors vectors_before, vectors_after;
    uint64_t *words = (uint64_t *)&before;
    for (unsigned i = 0; i < sizeof before / 8; i++)
        words[i] = 0x0101010101010101 * (i + 1);
    for (unsigned i = 0; i < sizeof vectors_before; i++)
        ((uint8_t *)&vectors_before)[i] = (uint8_t)(i * 7 + 3);
    before.rax = number;
    before.rdi = rdi;
    after = before;
    vectors_after = vectors_before;

    const unsigned earlier = report_failures;
    call_with(&after, &vectors_after, raw ? NULL : pv_hypercall_page + number * PV_HYPERCALL_STUB_SIZE);
    CHECK_EQUAL(after.rax, answer);
    CHECK_EQUAL(after.rbx, before.rbx);
    CHECK_EQUAL(after.rdx, before.rdx);
    CHECK_EQUAL(after.rsi, before.rsi);
    CHECK_EQUAL(after.rdi, before.rdi);
    CHECK_EQUAL(after.rbp, before.rbp);
    CHECK_EQUAL(after.r8, before.r8);
    CHECK_EQUAL(after.r9, before.r9);
    CHECK_EQUAL(after.r10, before.r10);
    CHECK_EQUAL(after.r12, before.r12);
    CHECK_EQUAL(after.r13, before.r13);
    CHECK_EQUAL(after.r14, before.r14);
    CHECK_EQUAL(after.r15, before.r15);
    CHECK_EQUAL(after.rflags & DIRECTION_FLAG, 0);
    CHECK_EQUAL(memcmp(&vectors_after, &vectors_before, sizeof vectors_before), 0);
    if (report_failures != earlier)
        pv_printf("    that was %s\n", what);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const uint64_t version = 4 << 16 | 17;
    for (unsigned round = 0; round < 100; round++) {
        check_call("a local call", PV_HC_XEN_VERSION, false, PV_XENVER_VERSION, version);
        check_call("a remote call", PV_HC_NOP, false, 0x7777, 0);
        check_call("a remote call that yields", PV_HC_SCHED_OP, false, 0, 0);
        check_call("an unknown call", 127, false, 1, (uint64_t)-38);
        check_call("a raw local call", PV_HC_XEN_VERSION, true, PV_XENVER_VERSION, version);
        check_call("a raw remote call", PV_HC_NOP, true, 0x7777, 0);
        check_call("a raw unknown call", 1000, true, 1, (uint64_t)-38);
    }
    return report_end();
}
