// SPDX-License-Identifier: MIT
// alignment-flag: a guest that sets rflags.AC hurts nobody but itself.
//
// AC makes the CPU refuse unaligned accesses, in all code that runs with it. Whatever interrupts the guest (exceptions, a raw
// system call, preemption, an upcall) and a hypercall must run without it, however the guest left it.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/time.h>
#include <pv/trap.h>

#include <pvabi/xen_version.h>

#define FLAG_AC 0x40000

#define WITH_AC(instructions, ...)                                                                                \
    __asm__ volatile("pushfq\n orl $0x40000, (%%rsp)\n popfq\n" instructions "\n pushfq\n andl $~0x40000, (%%rsp)\n popfq" \
                     __VA_ARGS__ : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r10", "r11")

static volatile unsigned breakpoints, alignment_faults;
static volatile uint64_t upcalls;

static bool count_breakpoint(struct pv_cpu_user_regs *regs)
{
    breakpoints++;
    return (regs->rflags & FLAG_AC) != 0;
}

static bool count_alignment_fault(struct pv_cpu_user_regs *regs)
{
    alignment_faults++;
    regs->rflags &= ~(uint64_t)FLAG_AC;
    return true;
}

static void count_upcall(void *context)
{
    (void)context;
    upcalls++;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_BREAKPOINT, count_breakpoint, 0), 0);
    CHECK_EQUAL(pv_trap_handle(PV_VECTOR_ALIGNMENT, count_alignment_fault, 0), 0);
    WITH_AC("int3", : : );
    CHECK_EQUAL(breakpoints, 1);

    static uint64_t words[2];
    WITH_AC("movl $1, 1(%[words])", : : [words] "r"(words));
    CHECK_EQUAL(alignment_faults, 1);
    CHECK_EQUAL(words[0], 0x100);

    WITH_AC("call pv_hypercall_page + %c[offset]", : : [offset] "i"(PV_HC_NOP * PV_HYPERCALL_STUB_SIZE));
    uint64_t version = PV_HC_XEN_VERSION;
    WITH_AC("xor %%edi, %%edi\n xor %%esi, %%esi\n mov %[version], %%rax\n syscall\n mov %%rax, %[version]",
            : [version] "+m"(version) : );
    CHECK_EQUAL(version, 4 << 16 | 17);

    CHECK_EQUAL(pv_timer_set(pv_time_ns() + PV_MILLISECOND_NS, count_upcall, NULL), 0);
    pv_irq_enable();
    WITH_AC("1: pause\n cmpq $0, %[upcalls]\n je 1b", : : [upcalls] "m"(upcalls));
    CHECK_EQUAL(upcalls, 1);
    pv_irq_disable();
    return report_end();
}
