// SPDX-License-Identifier: MIT
// segment-base: each vCPU has a GS base of its own, which lasts over calls and over the other vCPUs' turns.

#include "report.h"

#include <pv/barrier.h>
#include <pv/hypercall.h>
#include <pv/smp.h>

#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#define NOT_CANONICAL (UINT64_C(1) << 47)
#define ROUNDS 1000

static char stacks[2][16384] __attribute__((aligned(16)));
static unsigned wrong, ended;

static uint64_t word_at_gs(void)
{
    uint64_t word;
    __asm__ volatile("movq %%gs:8, %0" : "=r"(word));
    return word;
}

static void check_base(uint64_t number)
{
    uint64_t words[2] = {number, number * 0x1111};
    if (pv_set_segment_base(PV_SEGBASE_GS_KERNEL, (uintptr_t)words) != 0)
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 4 == 0)
            pv_sched_op(PV_SCHEDOP_YIELD, NULL);
        if (word_at_gs() != words[1])
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    }
}

static void other(void *number)
{
    check_base((uintptr_t)number);
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
    for (;;)
        pv_vcpu_op(PV_VCPUOP_DOWN, (unsigned)(uintptr_t)number, NULL); // the library's word at GS is gone
}

// FS is the host's on some engines, and the refusal says so; otherwise it is the guest's like GS.
static void check_fs(void)
{
    const uint64_t words[2] = {0, 0x5eed};
    const long answer = pv_set_segment_base(PV_SEGBASE_FS, (uintptr_t)words);
    if (answer == -PV_ENOSYS)
        return;
    CHECK_EQUAL(answer, 0);
    uint64_t word;
    pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    __asm__ volatile("movq %%fs:8, %0" : "=r"(word));
    CHECK_EQUAL(word, words[1]);
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_FS, 0), 0);
}

static void check_refusals(void)
{
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_GS_KERNEL, NOT_CANONICAL), -PV_EINVAL);
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_GS_USER, NOT_CANONICAL), -PV_EINVAL);
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_FS, NOT_CANONICAL), -PV_EINVAL);
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_GS_USER, 0x1000), 0);
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_GS_USER_SEL, 0), 0);
    CHECK_EQUAL(pv_set_segment_base(4, 0), -PV_EINVAL);
    CHECK_EQUAL(pv_set_segment_base(0xffffffff, 0), -PV_EINVAL);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_refusals();
    check_fs();
    CHECK_EQUAL(pv_vcpu_start(1, other, (void *)1, stacks[0], sizeof stacks[0]), 0);
    CHECK_EQUAL(pv_vcpu_start(2, other, (void *)2, stacks[1], sizeof stacks[1]), 0);
    check_base(0); // its first word is 0, as the library's is on vCPU 0
    while (PV_READ_ONCE(ended) < 2)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    static uint64_t zero[2];
    CHECK_EQUAL(pv_set_segment_base(PV_SEGBASE_GS_KERNEL, (uintptr_t)zero), 0);
    CHECK_EQUAL(wrong, 0);
    return report_end();
}
