// SPDX-License-Identifier: MIT
// vector-storm: no register is lost or changed by upcalls and preemption.
//
// An upcall may come between any two instructions, and so may a signal of the host. Here every general register, xmm0-15,
// the x87 stack and both control words hold a pattern while a timer fires every few microseconds. The timer's handler
// spoils the vector registers on purpose, as PV_HANDLER_FPU allows.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>

#define STORM_NS (300 * PV_MILLISECOND_NS)
#define TIMER_STEP_NS 30000
#define SPINS 20000

struct state {
    uint64_t general[14];   // rax rbx rcx rdx rsi rbp r8-r15; rdi points here
    uint8_t xmm[16][16];    // at 112
    uint8_t x87[8][16];     // at 368, 10 bytes each
    uint32_t mxcsr;         // at 496
    uint16_t control_word;  // at 500
};

// Loads `in`, spins, stores what is there into `out`.
void storm_round(const struct state *in, struct state *out, uint64_t spins);
__asm__(".bss\n .balign 8\n spins_left: .skip 8\n out_state: .skip 8\n"
        ".text\n"
        "storm_round:\n"
        "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "    mov %rdx, spins_left(%rip)\n"
        "    mov %rsi, out_state(%rip)\n"
        "    fninit\n"
        "    fldcw 500(%rdi)\n"
        "    ldmxcsr 496(%rdi)\n"
        "    .irp n,0,1,2,3,4,5,6,7\n"
        "    fldt 368+16*\\n(%rdi)\n"
        "    .endr\n"
        "    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "    movups 112+16*\\n(%rdi), %xmm\\n\n"
        "    .endr\n"
        "    mov 0(%rdi), %rax; mov 8(%rdi), %rbx; mov 16(%rdi), %rcx; mov 24(%rdi), %rdx; mov 32(%rdi), %rsi\n"
        "    mov 40(%rdi), %rbp; mov 48(%rdi), %r8; mov 56(%rdi), %r9; mov 64(%rdi), %r10; mov 72(%rdi), %r11\n"
        "    mov 80(%rdi), %r12; mov 88(%rdi), %r13; mov 96(%rdi), %r14; mov 104(%rdi), %r15\n"
        "1:  decq spins_left(%rip)\n"
        "    jnz 1b\n"
        "    mov out_state(%rip), %rdi\n"
        "    mov %rax, 0(%rdi); mov %rbx, 8(%rdi); mov %rcx, 16(%rdi); mov %rdx, 24(%rdi); mov %rsi, 32(%rdi)\n"
        "    mov %rbp, 40(%rdi); mov %r8, 48(%rdi); mov %r9, 56(%rdi); mov %r10, 64(%rdi); mov %r11, 72(%rdi)\n"
        "    mov %r12, 80(%rdi); mov %r13, 88(%rdi); mov %r14, 96(%rdi); mov %r15, 104(%rdi)\n"
        "    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "    movups %xmm\\n, 112+16*\\n(%rdi)\n"
        "    .endr\n"
        "    .irp n,7,6,5,4,3,2,1,0\n"
        "    fstpt 368+16*\\n(%rdi)\n"
        "    .endr\n"
        "    stmxcsr 496(%rdi)\n"
        "    fnstcw 500(%rdi)\n"
        "    fninit\n"
        "    ldmxcsr default_mxcsr(%rip)\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n"
        ".section .rodata\n .balign 4\n default_mxcsr: .long 0x1f80\n .text\n");

static volatile uint64_t upcalls;
static volatile bool stopping;

static void spoil(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    upcalls++;
    __asm__ volatile("fninit\n pcmpeqd %%xmm0, %%xmm0\n movaps %%xmm0, %%xmm7\n movaps %%xmm0, %%xmm15\n"
                     : : : "xmm0", "xmm7", "xmm15");
    if (!stopping)
        pv_set_timer_op(pv_time_ns() + TIMER_STEP_NS);
}

static void fill(struct state *state, unsigned round)
{
    memset(state, 0, sizeof *state);
    for (unsigned i = 0; i < 14; i++)
        state->general[i] = UINT64_C(0x0123456789abcdef) * (i + round + 1);
    for (unsigned i = 0; i < sizeof state->xmm; i++)
        ((uint8_t *)state->xmm)[i] = (uint8_t)(i * 11 + round);
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t mantissa = UINT64_C(1) << 63 | (UINT64_C(0x1111111111111111) * (i + 1) + round);
        const uint16_t exponent = (uint16_t)(0x3fff + i);
        memcpy(state->x87[i], &mantissa, 8);
        memcpy(state->x87[i] + 8, &exponent, 2);
    }
    state->mxcsr = round & 1 ? 0x7f80 : 0x3f80;        // towards zero, down
    state->control_word = round & 1 ? 0x0f7f : 0x067f; // towards zero; down, with 53 bits
}

int pv_main(const char *command_line)
{
    (void)command_line;
    const int port = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    CHECK(port > 0);
    CHECK_EQUAL(pv_event_handle((pv_evtchn_port_t)port, spoil, NULL, PV_HANDLER_FPU), 0);
    pv_irq_enable();
    const uint64_t end = pv_time_ns() + STORM_NS;
    pv_set_timer_op(pv_time_ns() + TIMER_STEP_NS);

    unsigned rounds = 0;
    for (; pv_time_ns() < end && report_failures == 0; rounds++) {
        struct state in, out;
        fill(&in, rounds);
        memset(&out, 0, sizeof out);
        storm_round(&in, &out, SPINS);
        CHECK_EQUAL(memcmp(in.general, out.general, sizeof in.general), 0);
        CHECK_EQUAL(memcmp(in.xmm, out.xmm, sizeof in.xmm), 0);
        CHECK_EQUAL(memcmp(in.x87, out.x87, sizeof in.x87), 0);
        CHECK_EQUAL(out.mxcsr & 0xffc0, in.mxcsr & 0xffc0);
        CHECK_EQUAL(out.control_word, in.control_word);
    }
    stopping = true;
    CHECK(upcalls > 0 && rounds > 0);
    pv_printf("%s\n", upcalls > 100 ? "a storm" : "hardly a storm");
    pv_irq_disable();
    return report_end();
}
