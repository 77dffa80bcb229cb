// SPDX-License-Identifier: MIT
// vcpu-up-down: vCPUs begin where and with what they are told, stop, go on where they were, and begin anew; and each refusal.

#include "report.h"

#include <pv/barrier.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/smp.h>
#include <pv/string.h>
#include <pv/time.h>

#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#define SOON (pv_time_ns() + 5 * PV_SECOND_NS)
#define NOT_CANONICAL (UINT64_C(1) << 47)

static char stacks[2][16384] __attribute__((aligned(16)));
static unsigned passed, seen_id;
static bool goes_on;

static bool comes_true(const unsigned *word, unsigned value)
{
    const uint64_t deadline = SOON;
    while (PV_READ_ONCE(*word) != value)
        if (pv_time_ns() > deadline)
            return false;
    return true;
}

static bool goes_down(unsigned id)
{
    const uint64_t deadline = SOON;
    while (pv_vcpu_is_up(id))
        if (pv_time_ns() > deadline)
            return false;
    return true;
}

static void tell_id(void *word)
{
    seen_id = pv_vcpu_id();
    PV_WRITE_ONCE(*(unsigned *)word, *(unsigned *)word + 1);
}

static void stop_in_between(void *word)
{
    PV_WRITE_ONCE(*(unsigned *)word, 1);
    const long result = pv_vcpu_op(PV_VCPUOP_DOWN, pv_vcpu_id(), NULL);
    PV_WRITE_ONCE(*(unsigned *)word, result == 0 ? 2 : 99);
}

static void spin(void *count)
{
    while (!PV_READ_ONCE(goes_on))
        PV_WRITE_ONCE(*(unsigned *)count, *(unsigned *)count + 1);
}

static void check_start(void)
{
    CHECK_EQUAL(pv_vcpu_count(), 3);
    CHECK_EQUAL(pv_vcpu_id(), 0);
    passed = 0;
    for (unsigned round = 1; round <= 3; round++) { // the first initialises, the others begin anew
        CHECK_EQUAL(pv_vcpu_start(2, tell_id, &passed, stacks[1], sizeof stacks[1]), 0);
        CHECK(comes_true(&passed, round));
        CHECK_EQUAL(seen_id, 2);
        CHECK(goes_down(2));
    }
    CHECK_EQUAL(pv_vcpu_id(), 0);
    CHECK_EQUAL(pv_vcpu_start(0, tell_id, &passed, stacks[1], sizeof stacks[1]), -PV_EBUSY);
    CHECK_EQUAL(pv_vcpu_start(3, tell_id, &passed, stacks[1], sizeof stacks[1]), -PV_ENOENT);
}

static void check_goes_on(void)
{
    passed = 0;
    CHECK_EQUAL(pv_vcpu_start(1, stop_in_between, &passed, stacks[0], sizeof stacks[0]), 0);
    CHECK(comes_true(&passed, 1));
    CHECK(goes_down(1));
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_UP, 1, NULL), 0);
    CHECK(comes_true(&passed, 2));
    CHECK(goes_down(1));
}

// One vCPU takes another off the CPU in the middle of its work.
static void check_down_by_other(void)
{
    static unsigned count;
    goes_on = false;
    CHECK_EQUAL(pv_vcpu_start(1, spin, &count, stacks[0], sizeof stacks[0]), 0);
    const uint64_t deadline = SOON;
    while (PV_READ_ONCE(count) < 1000 && pv_time_ns() < deadline)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    CHECK(PV_READ_ONCE(count) >= 1000);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_DOWN, 1, NULL), 0);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_DOWN, 1, NULL), 0);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, 1, NULL), 0);
    const unsigned stopped_at = PV_READ_ONCE(count);
    pv_sleep_ns(PV_MILLISECOND_NS);
    CHECK_EQUAL(PV_READ_ONCE(count), stopped_at);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_UP, 1, NULL), 0);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_UP, 1, NULL), 0); // it spins, so it has not gone down again meanwhile
    const uint64_t later = SOON;
    while (PV_READ_ONCE(count) == stopped_at && pv_time_ns() < later)
        ;
    CHECK(PV_READ_ONCE(count) != stopped_at);
    PV_WRITE_ONCE(goes_on, true);
    CHECK(goes_down(1));
}

static void check_refusals(void)
{
    static struct pv_vcpu_guest_context context;
    context = (struct pv_vcpu_guest_context){.flags = PV_VGCF_IN_KERNEL};
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_UP, 1, NULL), -PV_EINVAL);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 3, &context), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, NULL), -PV_EFAULT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 0, &context), -PV_EEXIST);
    uint64_t *const addresses[] = {&context.user_regs.rip,        &context.user_regs.rsp,         &context.kernel_sp,
                                   &context.gs_base_kernel,       &context.gs_base_user,          &context.fs_base,
                                   &context.event_callback_eip,   &context.failsafe_callback_eip, &context.syscall_callback_eip,
                                   &context.trap_ctxt[0].address, &context.trap_ctxt[255].address};
    for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        *addresses[i] = NOT_CANONICAL;
        if (!CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, &context), -PV_EINVAL))
            pv_printf("    address %u\n", i);
        *addresses[i] = 0;
    }
    context.ldt_base = 8;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, &context), -PV_EINVAL);
    context.ldt_base = 0;
    context.ldt_ents = 8193;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, &context), -PV_EINVAL);
    context.ldt_ents = 0;
    context.gdt_ents = 8193;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, &context), -PV_EINVAL);
    context.gdt_ents = 0;
    context.flags = 0;
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 1, &context), -PV_EINVAL);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, 1, NULL), 0);
    for (unsigned id = 3; id < 8192; id++)
        CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_IS_UP, id, NULL), -PV_ENOENT);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_SEND_NMI, 0, NULL), -PV_ENOSYS);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_GET_PHYSID, 0, NULL), -PV_ENOSYS);
}

// Vector registers too begin as the context says.
static float told_float;
static uint32_t told_mxcsr;

PV_NORETURN static void tell_vector_state(void)
{
    __asm__ volatile("movss %%xmm3, %0\n\tstmxcsr %1" : "=m"(told_float), "=m"(told_mxcsr));
    for (;;)
        pv_vcpu_op(PV_VCPUOP_DOWN, 2, NULL);
}

static void check_vector_state(void)
{
    static struct pv_vcpu_guest_context context;
    static const float wanted = 2.5f;
    context.flags = PV_VGCF_IN_KERNEL | PV_VGCF_I387_VALID | PV_VGCF_ONLINE;
    context.user_regs.rip = (uintptr_t)tell_vector_state;
    context.user_regs.rsp = (uintptr_t)stacks[1] + sizeof stacks[1] - 8;
    unsigned char *image = (unsigned char *)&context.fpu_ctxt;
    const uint16_t control = 0x37f;
    const uint32_t mxcsr = 0xdead3f80; // the upper half cannot be loaded and is dropped
    memcpy(image, &control, sizeof control);
    memcpy(image + 24, &mxcsr, sizeof mxcsr);
    memcpy(image + 160 + 3 * 16, &wanted, sizeof wanted);
    CHECK_EQUAL(pv_vcpu_op(PV_VCPUOP_INITIALISE, 2, &context), 0);
    CHECK(goes_down(2));
    CHECK(told_float == wanted);
    CHECK_EQUAL(told_mxcsr & 0xffc0, 0x3f80);
}

int pv_main(const char *command_line)
{
    if (pv_streq(command_line, "vector")) {
        check_vector_state();
        return report_end();
    }
    check_refusals();
    check_start();
    check_goes_on();
    check_down_by_other();
    return report_end();
}
