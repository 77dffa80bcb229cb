// SPDX-License-Identifier: MIT
// calls-at-random: every hypercall but those that end the domain, with any command and any arguments, a hundred thousand times.
//
// Each answers with an error or does something to the caller alone. Afterwards the guest's own store, disk and timer still work, or
// work again once reset, and the other domain never noticed.

#include "hostile.h"

#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/memory.h>

#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>

#define CALLS 100000

#define ARGUMENTS 4096

// Answers are written where arguments were read, the longest into an array of 512 grant operations: nothing that is needed may lie
// behind.
static char arguments[8 * ARGUMENTS] __attribute__((aligned(4096)));

static unsigned long any_argument(void)
{
    switch (random_number() % 8) {
    case 0: return random_number();
    case 1: return random_number() % 16;
    case 2: return (unsigned long)UINT64_MAX << (random_number() % 64);
    case 3: return pv_base + ((pv_start_info->nr_pages + random_number() % 40) << PV_PAGE_SHIFT); // special frames and beyond
    case 4: return 1ul << (random_number() % 64);
    default: return (uintptr_t)arguments + random_number() % ARGUMENTS / 8 * 8;
    }
}

// Calls whose effect is meant for the caller and would end this test: other stacks, other code, the end.
static bool is_spared(unsigned number, unsigned long command)
{
    switch (number) {
    case PV_HC_IRET:
    case PV_HC_STACK_SWITCH:
    case PV_HC_SET_TRAP_TABLE:
    case PV_HC_SET_CALLBACKS:
    case PV_HC_CALLBACK_OP:
    case PV_HC_MULTICALL: // could make any of the others
    case PV_HC_CHAINLOAD: // could succeed
    case PV_HC_UPDATE_VA_MAPPING: // could take its own pages away
        return true;
    case PV_HC_CONSOLE_IO:
        return (uint32_t)command == 0; // prints
    case PV_HC_VCPU_OP:
        return true; // could start code anywhere
    case PV_HC_MEMORY_OP:
        return command % 64 == PV_XENMEM_DECREASE_RESERVATION; // so could this
    case PV_HC_SCHED_OP:
        return (uint32_t)command != PV_SCHEDOP_YIELD; // block and poll may wait for ever; shutdown and watchdog end the domain
    case PV_HC_GRANT_TABLE_OP:
        return (uint32_t)command == PV_GNTTABOP_COPY; // writes where it is told: over this code, too
    default:
        return false;
    }
}

static void fill_arguments(void)
{
    for (unsigned i = 0; i < ARGUMENTS; i += 8) {
        const unsigned long word = any_argument();
        memcpy(arguments + i, &word, 8);
    }
}

static int attack(void)
{
    for (unsigned i = 0; i < CALLS; i++) {
        if (i % 64 == 0)
            fill_arguments();
        const unsigned number = (unsigned)(random_number() % PV_HYPERCALL_SLOTS);
        const unsigned long command = random_number() % 4 == 0 ? any_argument() : random_number() % 40;
        if (is_spared(number, command))
            continue;
        const unsigned long pointer = (uintptr_t)arguments + random_number() % ARGUMENTS / 8 * 8;
        unsigned long third = random_number() % 2 ? pointer : random_number() % 600;
        if (number == PV_HC_GRANT_TABLE_OP)
            third %= 513; // a longer array is worked off as well, over all that lies behind
        pv_hypercall(number, command, random_number() % 2 ? pointer : random_number() % 600, third, random_number(), random_number());
    }
    struct pv_evtchn_reset reset = {.dom = PV_DOMID_SELF};
    CHECK_EQUAL(pv_evtchn_op(PV_EVTCHNOP_RESET, &reset), 0);
    CHECK_EQUAL(pv_nop(), 0);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
