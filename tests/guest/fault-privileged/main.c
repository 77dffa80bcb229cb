// SPDX-License-Identifier: MIT
// fault-privileged: a privileged instruction ends the guest with the name of the call to use instead.
//
// The first thing a ported kernel does wrong is an instruction that it took from its hardware port. The report says which
// and what takes its place.

#include "report.h"

#include <pv/string.h>

int pv_main(const char *which)
{
    unsigned long out;
    if (pv_streq(which, "cli"))
        __asm__ volatile("cli");
    if (pv_streq(which, "hlt"))
        __asm__ volatile("hlt");
    if (pv_streq(which, "cr3"))
        __asm__ volatile("mov %0, %%cr3" : : "r"(0UL));
    if (pv_streq(which, "lgdt"))
        __asm__ volatile("lgdt (%0)" : : "r"(which));
    if (pv_streq(which, "lidt"))
        __asm__ volatile("lidt (%0)" : : "r"(which));
    if (pv_streq(which, "invlpg"))
        __asm__ volatile("invlpg (%0)" : : "r"(which));
    if (pv_streq(which, "wrmsr"))
        __asm__ volatile("wrmsr" : : "a"(0), "d"(0), "c"(0));
    if (pv_streq(which, "out"))
        __asm__ volatile("outb %%al, $0x80" : : "a"(0));
    if (pv_streq(which, "sti"))
        __asm__ volatile("sti");
    if (pv_streq(which, "in"))
        __asm__ volatile("inb $0x60, %%al" : : : "rax");
    if (pv_streq(which, "ltr"))
        __asm__ volatile("ltr %w0" : : "r"(0));
    if (pv_streq(which, "lldt"))
        __asm__ volatile("lldt %w0" : : "r"(0));
    if (pv_streq(which, "cr0"))
        __asm__ volatile("mov %%cr0, %0" : "=r"(out));
    if (pv_streq(which, "dr7"))
        __asm__ volatile("mov %0, %%dr7" : : "r"(0UL));
    if (pv_streq(which, "rdmsr"))
        __asm__ volatile("rdmsr" : : "c"(0x10) : "rax", "rdx");
    if (pv_streq(which, "wbinvd"))
        __asm__ volatile("wbinvd");
    if (pv_streq(which, "clts"))
        __asm__ volatile("clts");
    if (pv_streq(which, "swapgs"))
        __asm__ volatile("swapgs");
    if (pv_streq(which, "sysret"))
        __asm__ volatile("sysretq" : : "c"(0UL));
    if (pv_streq(which, "int"))
        __asm__ volatile("int $0x82");
    pv_puts("FAILURE it went on");
    return 1;
}
