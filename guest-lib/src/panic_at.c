// SPDX-License-Identifier: MIT
// The last words about code that was interrupted.

#include <pv/panic.h>

#include "panic_words.h"

#include <pv/memory.h>
#include <pv/printf.h>
#include <pv/start.h>

#include <pvabi/cpu.h>
#include <pvabi/sched.h>

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

void pv_panic_at(const struct pv_cpu_user_regs *regs, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pv_panic_begin(format, arguments);
    va_end(arguments);
    print_registers(regs);
    pv_print_calls(regs->rbp);
    pv_shutdown(PV_SHUTDOWN_CRASH);
}
