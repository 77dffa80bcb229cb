// SPDX-License-Identifier: MIT
// The exceptions that a kernel can raise by itself: vector, error code, and where. And fpu_taskswitch.

#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/printf.h>
#include <pv/trap.h>

#include <pvabi/features.h>

#define DEVICE_NOT_AVAILABLE 7
#define TF 0x100u

static volatile unsigned seen_vector, seen_error;
static volatile uintptr_t seen_rip, seen_address;
static volatile uint64_t seen_rflags;
static uintptr_t resume_at;

static bool see(struct pv_cpu_user_regs *regs)
{
    seen_vector = regs->entry_vector;
    seen_error = regs->error_code;
    seen_rip = regs->rip;
    seen_rflags = regs->rflags;
    seen_address = pv_fault_address();
    regs->rip = resume_at;
    regs->rflags &= ~(uint64_t)TF;
    return true;
}

// Runs one instruction (with `before` it) that raises an exception, and says which; labels 1 and 2 are around it.
#define RAISE(what, before, instruction, ...)                                                                      \
    do {                                                                                                           \
        uintptr_t at;                                                                                              \
        seen_vector = ~0U;                                                                                         \
        __asm__ volatile("lea 2f(%%rip), %%rax\n mov %%rax, %[resume]\n lea 1f(%%rip), %[at]\n" before               \
                         "\n1: " instruction "\n2:"                                                                \
                         : [at] "=&r"(at), [resume] "=m"(resume_at) : __VA_ARGS__                                   \
                         : "rax", "rcx", "rdx", "memory", "cc");                                                   \
        say_seen(what, at);                                                                                        \
    } while (0)

static void say_seen(const char *what, uintptr_t at)
{
    if (seen_vector == ~0U)
        pv_printf("%s: no exception\n", what);
    else
        pv_printf("%s: exception %u, error code %#x, %s\n", what, seen_vector, seen_error,
                  seen_rip == at ? "at the instruction" : seen_rip == resume_at ? "behind it" : "elsewhere");
}

static void say_page_faults(void)
{
    volatile char *const nowhere = (volatile char *)0x7fffffff0123;
    RAISE("read of null", "xor %%ecx, %%ecx", "mov (%%rcx), %%al", "i"(0));
    pv_printf("  cr2: %#lx\n", (unsigned long)seen_address);
    RAISE("read of unmapped memory", "mov %[nowhere], %%rcx", "mov (%%rcx), %%al", [nowhere] "r"(nowhere));
    pv_printf("  cr2: %#lx\n", (unsigned long)seen_address);
    RAISE("write to unmapped memory", "mov %[nowhere], %%rcx", "movb $1, 5(%%rcx)", [nowhere] "r"(nowhere));
    pv_printf("  cr2: %#lx\n", (unsigned long)seen_address);
    RAISE("jump to unmapped memory", "mov %[nowhere], %%rcx", "jmp *%%rcx", [nowhere] "r"(nowhere));
    pv_printf("  cr2: %#lx, rip the same: %s\n", (unsigned long)seen_address, seen_rip == seen_address ? "yes" : "no");
    RAISE("read of an address that is not canonical", "mov $1, %%ecx\n shl $63, %%rcx", "mov (%%rcx), %%al", "i"(0));
}

// SSE's own exceptions are left out: the emulator that Xen is run in does not raise them.
static void say_floating_point(void)
{
    const uint16_t control = 0x037b; // divide by zero unmasked
    RAISE("x87 divide by zero, unmasked", "fninit\n fldcw %[control]\n fld1\n fldz\n fdivrp", "fwait", [control] "m"(control));
    __asm__ volatile("fninit");
}

static void say_single_step(void)
{
    RAISE("single step", "pushf\n orl $0x100, (%%rsp)\n popf", "nop", "i"(0));
    say_whether("  TF in its frame", seen_rflags & TF);
}

static void say_fpu_taskswitch(void)
{
    say("fpu_taskswitch 0", pv_hypercall(PV_HC_FPU_TASKSWITCH, 0, 0, 0, 0, 0));
    RAISE("  a vector instruction then", "", "pxor %%xmm0, %%xmm0", "i"(0));
    say("fpu_taskswitch 1", pv_hypercall(PV_HC_FPU_TASKSWITCH, 1, 0, 0, 0, 0));
    RAISE("  a vector instruction then", "", "pxor %%xmm0, %%xmm0", "i"(0));
    RAISE("  and another one", "", "pxor %%xmm0, %%xmm0", "i"(0));
}

void conform_exceptions(void)
{
    static const uint8_t vectors[] = {PV_VECTOR_DIVIDE_ERROR, PV_VECTOR_DEBUG, PV_VECTOR_BREAKPOINT, PV_VECTOR_INVALID_OPCODE,
                                      DEVICE_NOT_AVAILABLE, 11, 12, PV_VECTOR_GENERAL_PROTECTION, PV_VECTOR_PAGE_FAULT,
                                      PV_VECTOR_X87, PV_VECTOR_ALIGNMENT, PV_VECTOR_SIMD};
    for (unsigned i = 0; i < sizeof vectors; i++)
        pv_trap_handle(vectors[i], see, 0);
    RAISE("divide by zero", "xor %%ecx, %%ecx\n xor %%edx, %%edx", "div %%ecx", "i"(0));
    RAISE("int3", "", "int3", "i"(0));
    RAISE("ud2", "", "ud2", "i"(0));
    RAISE("hlt", "", "hlt", "i"(0));
    say_page_faults();
    say_floating_point();
    say_single_step();
    say_fpu_taskswitch();
    for (unsigned i = 0; i < sizeof vectors; i++)
        pv_trap_handle(vectors[i], NULL, 0);
}
