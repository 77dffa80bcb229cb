// SPDX-License-Identifier: MIT
// bad-stack: a guest whose stack pointer is garbage when an event or an exception comes ends with that reason.
//
// The frame has to go somewhere, and the shim writes it: this is where a guest could make it write elsewhere.

#include "report.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/string.h>
#include <pv/time.h>
#include <pv/trap.h>

static void handler(pv_evtchn_port_t port, void *context)
{
    (void)port;
    (void)context;
    pv_panic("the event was delivered");
}

static bool trapped(struct pv_cpu_user_regs *regs)
{
    (void)regs;
    pv_panic("the exception was delivered");
}

static PV_NORETURN void spin_with(uintptr_t stack)
{
    __asm__ volatile("mov %0, %%rsp\n1: jmp 1b" : : "r"(stack));
    __builtin_unreachable();
}

int pv_main(const char *which)
{
    const int port = pv_event_bind_virq(PV_VIRQ_TIMER, 0);
    pv_event_handle((pv_evtchn_port_t)port, handler, NULL, 0);
    pv_trap_handle(PV_VECTOR_INVALID_OPCODE, trapped, 0);
    pv_irq_enable();
    pv_console_flush(PV_SECOND_NS);
    if (pv_streq(which, "exception"))
        __asm__ volatile("mov $0x1008, %rsp\n ud2");
    if (pv_streq(which, "call"))
        __asm__ volatile("mov $0x1008, %rsp\n call pv_hypercall_page + 32 * 65");
    pv_set_timer_op(pv_time_ns() + 50 * PV_MILLISECOND_NS); // late enough for the stack to be gone by then, also on a busy host
    if (pv_streq(which, "not-canonical"))
        spin_with(0x8000000000000000);
    if (pv_streq(which, "behind"))
        spin_with(pv_ram_end + (UINT64_C(1) << 30));
    if (pv_streq(which, "start"))
        spin_with(pv_base + 16);
    spin_with(0x1008);
}
