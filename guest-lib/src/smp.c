// SPDX-License-Identifier: MIT
// Starting and stopping vCPUs. One that stopped once cannot be initialised again: it waits in its `down`, and when it comes up,
// goes to the entry and stack that it is given then.

#include <pv/smp.h>

#include <pv/hypercall.h>
#include <pv/panic.h>
#include <pv/start.h>

#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/start_info.h>
#include <pvabi/vcpu.h>

#define STACK_ALIGNMENT 16

// What GS leads to on a vCPU.
struct local {
    unsigned id; // at GS:0
    pv_vcpu_entry entry;
    void *argument;
    uintptr_t stack_top;
};

static struct local locals[PV_LEGACY_MAX_VCPUS];
static struct pv_vcpu_guest_context context; // too large for a stack

extern const char pv_upcall_entry[], pv_failsafe_entry[];

static PV_NORETURN void begin(struct local *self)
{
    if (pv_trap_install)
        pv_trap_install();
    self->entry(self->argument);
    pv_vcpu_stop();
}

PV_NORETURN void pv_vcpu_stop(void)
{
    const unsigned id = pv_vcpu_id();
    pv_vcpu_op(PV_VCPUOP_DOWN, id, NULL);
    struct local *self = &locals[id]; // somebody has started this vCPU again
    __asm__ volatile("mov %[stack], %%rsp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "call *%[begin]\n\t"
                     "ud2"
                     :
                     : [stack] "r"(self->stack_top), [begin] "r"(begin), "D"(self)
                     : "memory");
    __builtin_unreachable();
}

unsigned pv_vcpu_count(void)
{
    unsigned count = 1;
    while (count < PV_LEGACY_MAX_VCPUS && pv_vcpu_op(PV_VCPUOP_IS_UP, count, NULL) >= 0)
        count++;
    return count;
}

bool pv_vcpu_is_up(unsigned id)
{
    return pv_vcpu_op(PV_VCPUOP_IS_UP, id, NULL) == 1;
}

// From here on vCPU 0 knows itself by GS, too.
static int prepare_first(void)
{
    if (pv_has_vcpus)
        return 0;
    const long result = pv_set_segment_base(PV_SEGBASE_GS_KERNEL, (uintptr_t)&locals[0]);
    if (result != 0)
        return (int)result;
    if (pv_set_callbacks((uintptr_t)pv_upcall_entry, (uintptr_t)pv_failsafe_entry, 0) != 0)
        pv_panic("the hypervisor refuses the event callback");
    pv_has_vcpus = true;
    return 0;
}

static void describe(const struct local *self)
{
    context = (struct pv_vcpu_guest_context){.flags = PV_VGCF_IN_KERNEL};
    context.user_regs.rip = (uintptr_t)begin;
    context.user_regs.rdi = (uintptr_t)self;
    context.user_regs.rsp = self->stack_top - sizeof(uint64_t); // as if called; there is nowhere to return to
    context.user_regs.rflags = 0x200;
    context.user_regs.cs = PV_FLAT_KERNEL_CS;
    context.user_regs.ss = PV_FLAT_KERNEL_SS;
    context.kernel_ss = PV_FLAT_KERNEL_SS;
    context.kernel_sp = self->stack_top;
    context.event_callback_eip = (uintptr_t)pv_upcall_entry;
    context.failsafe_callback_eip = (uintptr_t)pv_failsafe_entry;
    context.gs_base_kernel = (uintptr_t)self;
    if (!pv_is_auto_translated()) // on Xen all vCPUs share the builder's page tables
        context.ctrlreg[3] = pv_virt_to_mfn((const void *)pv_start_info->pt_base) << PV_PAGE_SHIFT;
}

int pv_vcpu_start(unsigned id, pv_vcpu_entry entry, void *argument, void *stack, size_t stack_bytes)
{
    const long is_up = pv_vcpu_op(PV_VCPUOP_IS_UP, id, NULL);
    if (is_up != 0)
        return is_up < 0 ? (int)is_up : -PV_EBUSY;
    if (id >= PV_LEGACY_MAX_VCPUS)
        return -PV_EINVAL;
    const int prepared = prepare_first();
    if (prepared != 0)
        return prepared;

    struct local *self = &locals[id];
    const uintptr_t top = ((uintptr_t)stack + stack_bytes) & ~(uintptr_t)(STACK_ALIGNMENT - 1);
    *self = (struct local){.id = id, .entry = entry, .argument = argument, .stack_top = top};
    describe(self);
    const long result = pv_vcpu_op(PV_VCPUOP_INITIALISE, id, &context);
    if (result != 0 && result != -PV_EEXIST)
        return (int)result;
    return (int)pv_vcpu_op(PV_VCPUOP_UP, id, NULL);
}
