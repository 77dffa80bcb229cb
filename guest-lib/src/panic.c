// SPDX-License-Identifier: MIT
// The last words of a guest.

#include <pv/panic.h>

#include <pv/event.h>
#include <pv/memory.h>
#include <pv/printf.h>
#include <pv/start.h>

#include <pvabi/cpu.h>
#include <pvabi/sched.h>

#define MAX_FRAMES 32

// Frames lie in the domain's memory, aligned, each above the one before: a broken chain ends instead of faulting.
static void print_calls(uintptr_t frame)
{
    uintptr_t lowest = pv_base + PV_PAGE_SIZE;
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        if (frame < lowest || frame > pv_ram_end - 16 || frame % 8 != 0)
            return;
        const uintptr_t *words = (const uintptr_t *)frame;
        pv_printf("  called from %#lx\n", (unsigned long)(words[1] - pv_base));
        lowest = frame + 16;
        frame = words[0];
    }
}

void pv_backtrace(void)
{
    print_calls((uintptr_t)__builtin_frame_address(0));
}

static void print_registers(const struct pv_cpu_user_regs *regs)
{
    pv_printf("  at %#lx\n", (unsigned long)(regs->rip - pv_base));
    pv_printf("  rax %016lx  rbx %016lx  rcx %016lx\n", regs->rax, regs->rbx, regs->rcx);
    pv_printf("  rdx %016lx  rsi %016lx  rdi %016lx\n", regs->rdx, regs->rsi, regs->rdi);
    pv_printf("  rbp %016lx  rsp %016lx  r8  %016lx\n", regs->rbp, regs->rsp, regs->r8);
    pv_printf("  r9  %016lx  r10 %016lx  r11 %016lx\n", regs->r9, regs->r10, regs->r11);
    pv_printf("  r12 %016lx  r13 %016lx  r14 %016lx\n", regs->r12, regs->r13, regs->r14);
    pv_printf("  r15 %016lx  rip %016lx  rflags %08lx\n", regs->r15, regs->rip, regs->rflags);
}

// A panic while panicking ends at once.
static void begin(const char *format, va_list arguments)
{
    static bool panicking;
    pv_irq_disable();
    if (panicking)
        pv_shutdown(PV_SHUTDOWN_CRASH);
    panicking = true;
    pv_printf("guest panic: ");
    pv_vprintf(format, arguments);
    pv_printf("\n");
}

void pv_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    pv_backtrace();
    pv_shutdown(PV_SHUTDOWN_CRASH);
}

void pv_panic_at(const struct pv_cpu_user_regs *regs, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    print_registers(regs);
    print_calls(regs->rbp);
    pv_shutdown(PV_SHUTDOWN_CRASH);
}
