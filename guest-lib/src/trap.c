// SPDX-License-Identifier: MIT
// The trap table holds the vectors that have a handler and no others.

#include <pv/trap.h>

#include "fpu.h"

#include <pv/hypercall.h>
#include <pv/panic.h>

#include <pvabi/errno.h>

#define STUB_SIZE 32

struct entry {
    pv_trap_handler handler;
    unsigned flags;
};

static struct entry entries[PV_HANDLED_VECTORS];

extern const char pv_trap_stubs[PV_HANDLED_VECTORS * STUB_SIZE];
void pv_trap(struct pv_cpu_user_regs *regs); // called by trap_entry.S

static uint8_t table_flags(unsigned flags)
{
    return (uint8_t)((flags & PV_HANDLER_MASK_EVENTS ? PV_TRAP_MASK_EVENTS : 0) | (flags & PV_HANDLER_FROM_USER ? 3 : 0));
}

static int install(void)
{
    struct pv_trap_info table[PV_HANDLED_VECTORS + 1];
    unsigned rows = 0;
    for (unsigned vector = 0; vector < PV_HANDLED_VECTORS; vector++) {
        if (!entries[vector].handler)
            continue;
        table[rows++] = (struct pv_trap_info){
            .vector = (uint8_t)vector,
            .flags = table_flags(entries[vector].flags),
            .cs = PV_FLAT_KERNEL_CS,
            .address = (uintptr_t)(pv_trap_stubs + vector * STUB_SIZE),
        };
    }
    table[rows] = (struct pv_trap_info){.address = 0};
    return (int)pv_set_trap_table(table);
}

int pv_trap_handle(unsigned vector, pv_trap_handler handler, unsigned flags)
{
    if (vector >= PV_HANDLED_VECTORS)
        return -PV_EINVAL;
    entries[vector] = (struct entry){.handler = handler, .flags = flags};
    pv_trap_install = install;
    if (!handler)
        pv_set_trap_table(NULL); // a table adds vectors; only a null one takes them away
    return install();
}

static bool call(const struct entry *entry, struct pv_cpu_user_regs *regs)
{
    if (!(entry->flags & PV_HANDLER_FPU))
        return entry->handler(regs);
    struct fpu_state state;
    fpu_save(&state);
    const bool handled = entry->handler(regs);
    fpu_restore(&state);
    return handled;
}

void pv_trap(struct pv_cpu_user_regs *regs)
{
    const struct entry entry = entries[regs->entry_vector];
    if (!entry.handler || !call(&entry, regs))
        pv_panic_at(regs, "exception %u, error code %#x, address %#lx", regs->entry_vector, regs->error_code,
                    (unsigned long)pv_fault_address());
}
