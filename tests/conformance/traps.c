// SPDX-License-Identifier: MIT
// set_trap_table, stack_switch, and the frame with which a handler is entered.

#include "entries.h"
#include "groups.h"
#include "say.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/printf.h>

#include <pvabi/cpu.h>

#define BREAKPOINT 3
#define IF 0x200u
#define DF 0x400u
#define AC 0x40000u
#define NOT_CANONICAL (UINT64_C(1) << 63)

static struct pv_trap_info row(const char *address, uint8_t flags)
{
    return (struct pv_trap_info){.vector = BREAKPOINT, .flags = flags, .cs = PV_FLAT_KERNEL_CS, .address = (uintptr_t)address};
}

static long set_table(void *argument) { return pv_set_trap_table(argument); }

static void say_table(const char *what, const struct pv_trap_info *table)
{
    breakpoints = other_breakpoints = 0;
    say(what, pv_set_trap_table(table));
    __asm__ volatile("int3");
    pv_printf("  int3 enters: %s\n", breakpoints ? "the first" : other_breakpoints ? "the second" : "neither");
}

static void say_tables(void)
{
    struct pv_trap_info table[300];
    table[0] = row(entry_breakpoint, 0);
    table[1] = (struct pv_trap_info){.address = 0};
    say_table("set_trap_table with one row", table);
    table[0] = row(entry_breakpoint_other, 0);
    say_table("set_trap_table with another row", table);
    table[0].vector = 77;
    table[0].address = (uintptr_t)entry_breakpoint;
    say_table("set_trap_table with another vector", table);
    table[0] = row(entry_breakpoint, 0);
    table[1] = row(entry_breakpoint_other, 0);
    table[2].address = 0;
    say_table("set_trap_table with two rows for one vector", table);
    table[0] = row(entry_breakpoint, 0);
    table[1] = row((const char *)NOT_CANONICAL, 0);
    say_table("set_trap_table with an address that is not canonical, second", table);
    table[0] = row((const char *)NOT_CANONICAL, 0);
    table[1] = row(entry_breakpoint_other, 0);
    say_table("set_trap_table with an address that is not canonical, first", table);
    table[0] = row(entry_breakpoint, 0);
    table[0].cs = 0;
    table[1].address = 0;
    say_table("set_trap_table with cs 0", table);
    for (unsigned i = 0; i < 299; i++)
        table[i] = row(entry_breakpoint_other, 0);
    table[256].address = 0;
    say_table("set_trap_table with 256 rows", table);
    table[256] = row(entry_breakpoint, 0);
    table[299].address = 0;
    say_table("set_trap_table with 299 rows", table);
    say_bad_pointers("set_trap_table, nowhere", set_table, sizeof table[0]);
}

static void say_frame(const char *what, uint8_t flags, uint8_t mask)
{
    const struct pv_trap_info table[] = {row(entry_breakpoint, flags), {.address = 0}};
    struct pv_vcpu_info *info = &pv_shared->vcpu_info[0];
    pv_set_trap_table(table);
    info->evtchn_upcall_mask = mask;
    const long lost = interrupted_with(0x1111222233334444, 0x5555666677778888);
    const uint8_t mask_after = info->evtchn_upcall_mask;
    info->evtchn_upcall_mask = 1;
    pv_printf("%s\n", what);
    say_whether("  rcx and r11 in the frame", entered_frame.rcx == 0x1111222233334444 && entered_frame.r11 == 0x5555666677778888);
    say_whether("  rip behind the int3", entered_frame.rip == (uintptr_t)interrupted_at);
    pv_printf("  cs and mask: %#lx\n", (unsigned long)entered_frame.cs);
    pv_printf("  ss: %#lx\n", (unsigned long)entered_frame.ss);
    pv_printf("  IF: %s\n", entered_frame.rflags & IF ? "set" : "clear");
    say_whether("  rsp is where the stack was", entered_frame.rsp - entered_rsp >= 56 && entered_frame.rsp - entered_rsp < 72);
    say_whether("  the stack is aligned", (entered_rsp + 56) % 16 == 0);
    pv_printf("  mask on entry: %u\n", entered_mask);
    say_whether("  rcx and r11 afterwards", lost == 0);
    pv_printf("  mask afterwards: %u\n", mask_after);
}

static void say_flags(void)
{
    __asm__ volatile("pushf\n orl %0, (%%rsp)\n popf\n int3\n cld\n pushf\n andl %1, (%%rsp)\n popf"
                     : : "i"(DF | AC | 1), "i"(~AC) : "memory", "cc");
    pv_printf("flags of a handler that interrupts DF, AC and CF:%s%s%s\n", entered_rflags & DF ? " DF" : "",
              entered_rflags & AC ? " AC" : "", entered_rflags & IF ? " IF" : "");
    pv_printf("flags in its frame:%s%s%s\n", entered_frame.rflags & DF ? " DF" : "", entered_frame.rflags & AC ? " AC" : "",
              entered_frame.rflags & 1 ? " CF" : "");
}

void conform_traps(void)
{
    say_tables();
    say_frame("int3 with events masked", 0, 1);
    say_frame("int3 with events unmasked", 0, 0);
    say_frame("int3 that masks events", PV_TRAP_MASK_EVENTS, 0);
    pv_printf("registers cs and ss of a handler: %#x %#x\n", entered_cs, entered_ss);
    say_flags();
    say("stack_switch", pv_stack_switch(PV_FLAT_KERNEL_SS, (uintptr_t)__builtin_frame_address(0)));
    say("stack_switch to selector 0 and nowhere", pv_stack_switch(0, NOT_CANONICAL));
    breakpoints = 0;
    __asm__ volatile("int3");
    say_whether("int3 after stack_switch to nowhere is handled", breakpoints == 1);
    say("set_trap_table without a table", pv_set_trap_table(NULL));
}
