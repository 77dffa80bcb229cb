// SPDX-License-Identifier: MIT
// vcpu_op, but for the single-shot timers: refusals, and vCPU 1 brought up, taken down and up again.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/start.h>

#include <pvabi/cpu.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#define NO_VCPU 32 // a domain has at most this many
#define NOT_CANONICAL (UINT64_C(1) << 63)

static char stack[PV_PAGE_SIZE] __attribute__((aligned(16)));
static volatile unsigned rounds; // of vCPU 1

// What vCPU 1 does for ever: it counts, and takes itself down.
static void second_vcpu(void)
{
    for (;;) {
        __atomic_fetch_add(&rounds, 1, __ATOMIC_SEQ_CST);
        pv_vcpu_op(PV_VCPUOP_DOWN, 1, NULL);
    }
}

// Everything that Xen wants and level 0 does not need is there, too: page tables in CR3.
static struct pv_vcpu_guest_context *context(void)
{
    static struct pv_vcpu_guest_context prepared;
    const uint64_t tables = pv_is_auto_translated() ? 0 : pv_virt_to_mfn((void *)pv_start_info->pt_base);
    prepared = (struct pv_vcpu_guest_context){
        .flags = PV_VGCF_IN_KERNEL,
        .user_regs = {.rip = (uintptr_t)second_vcpu,
                      .rsp = (uintptr_t)stack + sizeof stack - 8, // as if called
                      .rflags = 0x200,
                      .cs = PV_FLAT_KERNEL_CS,
                      .ss = PV_FLAT_KERNEL_SS},
        .kernel_ss = PV_FLAT_KERNEL_SS,
        .kernel_sp = (uintptr_t)stack + sizeof stack,
        .ctrlreg = {[3] = tables << PV_PAGE_SHIFT},
    };
    return &prepared;
}

static long initialise(unsigned vcpu, const struct pv_vcpu_guest_context *registers)
{
    return pv_vcpu_op(PV_VCPUOP_INITIALISE, vcpu, (void *)(uintptr_t)registers);
}

static long is_up(unsigned vcpu) { return pv_vcpu_op(PV_VCPUOP_IS_UP, vcpu, NULL); }

// Until vCPU 1 has counted so far and is down. A vCPU that never comes is a run that does not end, and the harness says so.
static void say_round(unsigned count)
{
    while (rounds != count || is_up(1) != 0)
        pv_sched_op(PV_SCHEDOP_YIELD, NULL);
    say("  it ran, and is down: round", rounds);
}

static void say_second_vcpu(void)
{
    say("vcpu_op is_up of vCPU 1", is_up(1));
    say("vcpu_op up of vCPU 1, which has no registers", pv_vcpu_op(PV_VCPUOP_UP, 1, NULL));
    say("vcpu_op down of vCPU 1, which is down", pv_vcpu_op(PV_VCPUOP_DOWN, 1, NULL));
    struct pv_vcpu_guest_context *const wrong = context();
    wrong->user_regs.rip = NOT_CANONICAL;
    say("vcpu_op initialise of vCPU 1, rip not canonical", initialise(1, wrong));
    context()->gdt_ents = 8193;
    say("vcpu_op initialise of vCPU 1, 8193 descriptors", initialise(1, wrong));
    say("vcpu_op initialise of vCPU 1", initialise(1, context()));
    say("vcpu_op is_up of vCPU 1", is_up(1));
    say("vcpu_op initialise of vCPU 1 again", initialise(1, context()));
    say("vcpu_op up of vCPU 1", pv_vcpu_op(PV_VCPUOP_UP, 1, NULL));
    say_round(1);
    say("vcpu_op up of vCPU 1 again", pv_vcpu_op(PV_VCPUOP_UP, 1, NULL));
    say_round(2);
    say("vcpu_op initialise of vCPU 1, which was up", initialise(1, context()));
}

static long initialise_at(void *argument) { return initialise(0, argument); }
static long runstate_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 0, argument); }
static long area_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, argument); }
static long time_area_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, 0, argument); }
static long periodic_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, argument); }
static long info_at(void *argument) { return pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 0, argument); }

static void say_every_command_of(const char *what, unsigned vcpu)
{
    static const unsigned commands[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 99};
    long answers[sizeof commands / sizeof commands[0]];
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        answers[i] = pv_vcpu_op(commands[i], vcpu, NULL);
    say_all(what, answers, sizeof commands / sizeof commands[0]);
}

static void say_run_states(void)
{
    static struct pv_vcpu_runstate_info state, area;
    say("vcpu_op get_runstate_info", runstate_at(&state));
    say("  state", state.state);
    struct pv_vcpu_register_runstate_memory_area where = {.addr = (uintptr_t)&area};
    area.state = 99;
    say("vcpu_op register_runstate_memory_area", area_at(&where));
    say("  state", area.state);
    where.addr = UINT64_C(0x7fffffff0000);
    say("vcpu_op register_runstate_memory_area to nowhere", area_at(&where));
    say("vcpu_op get_runstate_info of vCPU 1", pv_vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 1, &state));
    say("  state", state.state);
    say_bad_pointers("vcpu_op get_runstate_info, nowhere", runstate_at, sizeof state);
    say_bad_pointers("vcpu_op register_runstate_memory_area, nowhere", area_at, sizeof where);

    static struct pv_vcpu_time_info time;
    struct pv_vcpu_register_time_memory_area time_area = {.addr = (uintptr_t)&time};
    say("vcpu_op register_vcpu_time_memory_area", time_area_at(&time_area));
    say_whether("  it is written", time.tsc_to_system_mul != 0);
    say_bad_pointers("vcpu_op register_vcpu_time_memory_area, nowhere", time_area_at, sizeof time_area);
}

static void say_periodic(void)
{
    struct pv_vcpu_set_periodic_timer timer = {.period_ns = 999999};
    say("vcpu_op set_periodic_timer of less than a millisecond", periodic_at(&timer));
    timer.period_ns = UINT64_C(1) << 62;
    say("vcpu_op set_periodic_timer of 2^62 ns", periodic_at(&timer));
    timer.period_ns = 1000000;
    say("vcpu_op set_periodic_timer of a millisecond", periodic_at(&timer));
    say_bad_pointers("vcpu_op set_periodic_timer, nowhere", periodic_at, sizeof timer);
    say("vcpu_op stop_periodic_timer", pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL));
    say("vcpu_op stop_periodic_timer, none running", pv_vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL));
}

static void say_info(void)
{
    static char page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
    struct pv_vcpu_register_vcpu_info where = {.mfn = pv_virt_to_mfn(page), .offset = PV_PAGE_SIZE - 56};
    say("vcpu_op register_vcpu_info across the end of a page", pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 1, &where));
    where.offset = 4;
    say("vcpu_op register_vcpu_info at offset 4", pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 1, &where));
    where = (struct pv_vcpu_register_vcpu_info){.mfn = UINT64_C(1) << 40, .offset = 0};
    say("vcpu_op register_vcpu_info in a frame that nobody has", pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 1, &where));
    where = (struct pv_vcpu_register_vcpu_info){.mfn = pv_virt_to_mfn(page), .offset = 64};
    say("vcpu_op register_vcpu_info of vCPU 1", pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 1, &where));
    const struct pv_vcpu_info *const info = (const struct pv_vcpu_info *)(page + 64);
    say("  evtchn_upcall_pending", info->evtchn_upcall_pending);
    say("  evtchn_upcall_mask", info->evtchn_upcall_mask);
    say_whether("  all bits of the selector", info->evtchn_pending_sel == ~UINT64_C(0));
    say("vcpu_op register_vcpu_info of vCPU 1 again", pv_vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 1, &where));
    say_bad_pointers("vcpu_op register_vcpu_info, nowhere", info_at, sizeof where);
}

void conform_vcpus(void)
{
    say("vcpu_op is_up of vCPU 0", is_up(0));
    say("vcpu_op up of vCPU 0", pv_vcpu_op(PV_VCPUOP_UP, 0, NULL));
    say_every_command_of("vcpu_op, commands 0 to 10, 13 and 99 of vCPU 32", NO_VCPU);
    say_every_command_of("vcpu_op, the same of vCPU 2^32 - 1", ~0U);
    say("vcpu_op initialise of vCPU 0", initialise(0, context()));
    say_bad_pointers("vcpu_op initialise, nowhere", initialise_at, sizeof(struct pv_vcpu_guest_context));
    say_second_vcpu();
    say_run_states();
    say_periodic();
    say_info();
    say("vcpu_op command 99", pv_vcpu_op(99, 0, NULL));
    say("vcpu_op command of all ones", pv_vcpu_op(~0U, 0, NULL));
}
