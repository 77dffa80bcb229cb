// SPDX-License-Identifier: MIT
// spinning: three guests that never call, with their events masked, beside one that works.
//
// Nobody has to be polite: the victim's calls are served, its disk answers and its timer comes.

#include "hostile.h"

#include <pv/event.h>

#define SPIN_NS (PV_SECOND_NS / 2)

static int attack(void)
{
    pv_irq_disable();
    const uint64_t end = pv_time_ns() + SPIN_NS;
    while (pv_time_ns() < end)
        __asm__ volatile("");
    return report_end();
}

int pv_main(const char *role)
{
    return pv_streq(role, "spin") ? attack() : hostile_main(role, attack); // nobody tells the others when the victim stands
}
