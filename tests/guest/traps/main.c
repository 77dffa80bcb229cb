// SPDX-License-Identifier: MIT
// traps: exceptions reach the guest's handlers with the frame that Xen gives, and returning from them works.
//
// A kernel's handlers look at cs to tell kernel from user, at cr2 and the error code to tell what a page fault was, and
// change rip to go on behind an instruction. Each is done here, once to look at every field and thousands of times to see
// that nothing is left behind.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/trap.h>

#define ROUNDS 5000
#define NOBODYS_ADDRESS 0x1008 // hosts map nothing in the first pages
#define FLAG_IF 0x200
#define FLAG_TF_DF 0x500

#define PAGE_FAULT_WRITE 2

static struct pv_cpu_user_regs seen;
static volatile unsigned count;
static volatile uintptr_t seen_address;
static volatile unsigned skip;
static volatile bool mask_inside;

static bool handler(struct pv_cpu_user_regs *regs)
{
    seen = *regs;
    count++;
    seen_address = pv_fault_address();
    mask_inside = pv_shared->vcpu_info[0].evtchn_upcall_mask != 0;
    regs->rip += skip;
    return true;
}

// Each makes one exception at the label it returns, and skips that instruction.
static uintptr_t invalid_opcode(void)
{
    uintptr_t at;
    skip = 2;
    __asm__ volatile("lea 1f(%%rip), %0\n1: ud2" : "=r"(at) : : "memory");
    return at;
}

static uintptr_t breakpoint(void)
{
    uintptr_t at;
    skip = 0;
    __asm__ volatile("lea 1f(%%rip), %0\n int3\n1:" : "=r"(at) : : "memory");
    return at;
}

static uintptr_t divide_error(void)
{
    uintptr_t at;
    skip = 2;
    __asm__ volatile("lea 1f(%%rip), %0\n xor %%ecx, %%ecx\n xor %%edx, %%edx\n mov $1, %%eax\n1: div %%ecx"
                     : "=r"(at) : : "rax", "rcx", "rdx", "memory");
    return at;
}

static uintptr_t privileged(void)
{
    uintptr_t at;
    skip = 1;
    __asm__ volatile("lea 1f(%%rip), %0\n1: hlt" : "=r"(at) : : "memory");
    return at;
}

static uintptr_t not_canonical(void)
{
    uintptr_t at;
    skip = 2; // mov (%rax), %eax
    __asm__ volatile("lea 1f(%%rip), %0\n movabs $0x8000000000000000, %%rax\n1: mov (%%rax), %%eax"
                     : "=r"(at) : : "rax", "memory");
    return at;
}

static uintptr_t read_fault(void)
{
    uintptr_t at;
    skip = 2; // mov (%rax), %eax
    __asm__ volatile("lea 1f(%%rip), %0\n mov %1, %%eax\n1: mov (%%rax), %%eax"
                     : "=&r"(at) : "i"(NOBODYS_ADDRESS) : "rax", "memory");
    return at;
}

static uintptr_t write_fault(void)
{
    uintptr_t at;
    skip = 2; // mov %eax, (%rax)
    __asm__ volatile("lea 1f(%%rip), %0\n mov %1, %%eax\n1: mov %%eax, (%%rax)"
                     : "=&r"(at) : "i"(NOBODYS_ADDRESS) : "rax", "memory");
    return at;
}

static void check(const char *what, unsigned vector, uintptr_t (*raise)(void), long error)
{
    const unsigned before = report_failures;
    count = 0;
    memset(&seen, 0, sizeof seen);
    const uintptr_t at = raise();
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(seen.entry_vector, vector);
    CHECK_EQUAL(seen.rip, at);
    CHECK_EQUAL(seen.error_code, error);
    CHECK_EQUAL(seen.cs, 0xe030); // PV_FLAT_KERNEL_CS with privilege bits 0: the guest's kernel was interrupted
    CHECK_EQUAL(seen.ss, 0xe02b);
    const bool masked = pv_shared->vcpu_info[0].evtchn_upcall_mask != 0;
    CHECK_EQUAL(seen.saved_upcall_mask, masked);
    CHECK_EQUAL((seen.rflags & FLAG_IF) != 0, !masked);
    CHECK_EQUAL(seen.rflags & FLAG_TF_DF, 0);
    if (vector == PV_VECTOR_PAGE_FAULT)
        CHECK_EQUAL(seen_address, NOBODYS_ADDRESS);
    for (unsigned i = 1; i < ROUNDS; i++)
        raise();
    CHECK_EQUAL(count, ROUNDS);
    if (report_failures != before)
        pv_printf("    that was %s\n", what);
}

static void check_all(void)
{
    check("#UD", PV_VECTOR_INVALID_OPCODE, invalid_opcode, 0);
    check("#BP", PV_VECTOR_BREAKPOINT, breakpoint, 0);
    check("#DE", PV_VECTOR_DIVIDE_ERROR, divide_error, 0);
    check("#GP, a privileged instruction", PV_VECTOR_GENERAL_PROTECTION, privileged, 0);
    check("#GP, an address that is not canonical", PV_VECTOR_GENERAL_PROTECTION, not_canonical, 0);
    check("#PF, reading", PV_VECTOR_PAGE_FAULT, read_fault, 0); // the user bit is for the guest's user mode
    check("#PF, writing", PV_VECTOR_PAGE_FAULT, write_fault, PAGE_FAULT_WRITE);
}

static void handle_all(unsigned flags)
{
    static const unsigned vectors[] = {PV_VECTOR_INVALID_OPCODE, PV_VECTOR_BREAKPOINT, PV_VECTOR_DIVIDE_ERROR,
                                       PV_VECTOR_GENERAL_PROTECTION, PV_VECTOR_PAGE_FAULT};
    for (unsigned i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        CHECK_EQUAL(pv_trap_handle(vectors[i], handler, flags), 0);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    handle_all(0);
    check_all(); // upcalls masked
    CHECK(mask_inside);
    pv_irq_enable();
    check_all();
    CHECK(!mask_inside); // a handler leaves them as they were
    handle_all(PV_HANDLER_MASK_EVENTS);
    invalid_opcode();
    CHECK(mask_inside); // or masks them, if it says so
    CHECK_EQUAL(pv_shared->vcpu_info[0].evtchn_upcall_mask, 0);
    pv_irq_disable();
    return report_end();
}
