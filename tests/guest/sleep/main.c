// SPDX-License-Identifier: MIT
// sleep: pv_sleep_ns waits its whole time, also when handlers run meanwhile.
//
// A sleep ends by an event like any other wait. One that returned at the first upcall would be short exactly when the guest
// is busy.

#include "report.h"

#include <pv/event.h>
#include <pv/time.h>

static volatile unsigned ticks;

static void tick(void *context)
{
    ticks++;
    pv_timer_set(pv_time_ns() + 200000, tick, context);
}

static void check_sleeps(void)
{
    static const uint64_t durations[] = {0, 1, 1000, 100000, PV_MILLISECOND_NS, 5 * PV_MILLISECOND_NS};
    for (unsigned i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        const uint64_t begin = pv_time_ns();
        pv_sleep_ns(durations[i]);
        CHECK(pv_time_ns() - begin >= durations[i]);
    }
}

int pv_main(const char *command_line)
{
    (void)command_line;
    check_sleeps();
    CHECK_EQUAL(pv_timer_set(pv_time_ns(), tick, NULL), 0);
    pv_irq_enable();
    check_sleeps();
    CHECK(ticks > 1);
    pv_timer_cancel();
    const unsigned before = ticks;
    pv_sleep_ns(PV_MILLISECOND_NS);
    CHECK_EQUAL(ticks, before);
    pv_irq_disable();
    check_sleeps();
    return report_end();
}
