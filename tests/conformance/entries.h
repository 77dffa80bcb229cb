// SPDX-License-Identifier: MIT
// Where the conformance guest is entered (entries.S). guest-lib has such entries, too, but registers them by itself.
#pragma once

#include <stdint.h>

// Handlers of exception 3 and of events. Each keeps its frame, counts and returns.
extern const char entry_breakpoint[], entry_breakpoint_other[], entry_upcall[], entry_upcall_other[];

// How often each was entered; entry_upcall_other counts as an upcall, too.
extern volatile uint32_t breakpoints, other_breakpoints, upcalls, other_upcalls;

// What the last one saw.
struct frame {
    uint64_t rcx, r11, rip, cs, rflags, rsp, ss;
};
extern volatile struct frame entered_frame;
extern volatile uint64_t entered_rsp, entered_rflags;
extern volatile uint32_t entered_mask, entered_cs, entered_ss;

// int3 with these values in rcx and r11; 0 if they are there afterwards. It is interrupted at interrupted_at.
long interrupted_with(uint64_t rcx, uint64_t r11);
extern const char interrupted_at[];

// A multicall with an iret in it, to a context whose rax is 77: that, or -1 if the call came back.
struct pv_multicall_entry;
long multicall_to_iret(struct pv_multicall_entry *list, unsigned long count);
