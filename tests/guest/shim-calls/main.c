// SPDX-License-Identifier: MIT
// shim-calls: the calls that never leave the guest: what they accept, what they refuse, and what is then in force.

#include "report.h"

#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/trap.h>

#include <pvabi/callback.h>
#include <pvabi/errno.h>
#include <pvabi/xen_version.h>

#define NOT_CANONICAL UINT64_C(0x8000000000000000)
#define ROWS 257 // as many as are read

extern const char skip_ud2[]; // the handler: goes on behind the two bytes of ud2
__asm__(".text\n"
        "skip_ud2:\n"
        "    pop %rcx\n    pop %r11\n" // the frame: rip, cs, rflags, rsp, ss
        "    addq $2, (%rsp)\n"
        "    incl handled(%rip)\n"
        "    push $0\n"
        "    jmp pv_hypercall_page + 32 * 23\n");
volatile unsigned handled;

static void raise(void)
{
    __asm__ volatile("ud2" : : : "rcx", "r11", "memory");
}

static struct pv_trap_info row(unsigned vector, uintptr_t address)
{
    return (struct pv_trap_info){.vector = (uint8_t)vector, .cs = PV_FLAT_KERNEL_CS, .address = address};
}

static void check_trap_table(void)
{
    static struct pv_trap_info table[ROWS];
    table[0] = row(PV_VECTOR_INVALID_OPCODE, (uintptr_t)skip_ud2);
    CHECK_EQUAL(pv_set_trap_table(table), 0);
    raise();
    CHECK_EQUAL(handled, 1);
    table[0] = row(PV_VECTOR_DIVIDE_ERROR, (uintptr_t)skip_ud2);
    CHECK_EQUAL(pv_set_trap_table(table), 0);
    raise(); // vectors that are not named keep theirs
    CHECK_EQUAL(handled, 2);

    CHECK_EQUAL(pv_set_trap_table(NULL), 0);
    table[0] = row(PV_VECTOR_INVALID_OPCODE, (uintptr_t)skip_ud2);
    table[1] = row(PV_VECTOR_BREAKPOINT, NOT_CANONICAL);
    CHECK_EQUAL(pv_set_trap_table(table), -PV_EINVAL);
    raise(); // rows before the bad one are in force
    CHECK_EQUAL(handled, 3);

    CHECK_EQUAL(pv_set_trap_table(NULL), 0);
    for (unsigned i = 0; i < ROWS; i++)
        table[i] = row(i % 256 == 0 ? PV_VECTOR_INVALID_OPCODE : i % 256, (uintptr_t)skip_ud2);
    CHECK_EQUAL(pv_set_trap_table(table), -PV_EINVAL); // no end
    raise();
    CHECK_EQUAL(handled, 4);

    // The last row of memory, and nothing behind it.
    CHECK_EQUAL(pv_set_trap_table(NULL), 0);
    const uintptr_t end = pv_base + ((pv_start_info->nr_pages + 33) << PV_PAGE_SHIFT);
    struct pv_trap_info *last = (struct pv_trap_info *)end - 1;
    *last = row(PV_VECTOR_INVALID_OPCODE, (uintptr_t)skip_ud2);
    CHECK_EQUAL(pv_set_trap_table(last), -PV_EFAULT);
    raise();
    CHECK_EQUAL(handled, 5);
    CHECK_EQUAL(pv_set_trap_table(NULL), 0);
}

static void check_callbacks(void)
{
    struct pv_callback_register good = {.type = PV_CALLBACKTYPE_EVENT, .address = (uintptr_t)skip_ud2};
    CHECK_EQUAL(pv_callback_op(PV_CALLBACKOP_REGISTER, &good), 0);
    good.address = NOT_CANONICAL;
    CHECK_EQUAL(pv_callback_op(PV_CALLBACKOP_REGISTER, &good), -PV_EINVAL);
    good.address = (uintptr_t)skip_ud2;
    good.type = 77;
    CHECK_EQUAL(pv_callback_op(PV_CALLBACKOP_REGISTER, &good), -PV_ENOSYS);
    struct pv_callback_unregister gone = {.type = PV_CALLBACKTYPE_EVENT};
    CHECK_EQUAL(pv_callback_op(PV_CALLBACKOP_UNREGISTER, &gone), -PV_EINVAL);
    gone.type = 77;
    CHECK_EQUAL(pv_callback_op(PV_CALLBACKOP_UNREGISTER, &gone), -PV_ENOSYS);
    CHECK_EQUAL(pv_set_callbacks(NOT_CANONICAL, NOT_CANONICAL, NOT_CANONICAL), 0); // ignored
    CHECK_EQUAL(pv_set_callbacks(0, 0, 0), 0);
}

static void check_others(void)
{
    CHECK_EQUAL(pv_vm_assist(0, 2), 0);
    CHECK_EQUAL(pv_vm_assist(1, 3), 0);
    CHECK_EQUAL(pv_vm_assist(0, 99), -PV_EINVAL);
    CHECK_EQUAL(pv_vm_assist(7, 2), -PV_ENOSYS);
    CHECK_EQUAL(pv_stack_switch(0, 0), 0);
    CHECK_EQUAL(pv_hypercall(PV_HC_FPU_TASKSWITCH, 1, 0, 0, 0, 0), 0);
    volatile double number = 1.5; // no #NM comes of it
    CHECK(number * 2 > 2.9);
    CHECK_EQUAL(pv_xen_version(PV_XENVER_PAGESIZE, (void *)(uintptr_t)&handled), -PV_EINVAL);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_trap_table();
    check_callbacks();
    check_others();
    return report_end();
}
