// SPDX-License-Identifier: MIT
// Ticks: a timer that arms itself anew in its handler, and what the two clocks say at each tick.
// Options: ticks=N, period_ms=N, show (prints the times themselves, which differ from run to run).

#include <pv/event.h>
#include <pv/guest.h>
#include <pv/time.h>

#define NS_PER_US UINT64_C(1000)

// What the timer's handler and pv_main share. The handler only counts and arms: printing is for ordinary code.
static uint64_t start_ns, period_ns, wanted;
static volatile uint64_t ticks;

static void arm(void);

static void tick(void *context)
{
    (void)context;
    ticks++;
    if (ticks < wanted)
        arm();
}

// By the start and not by now, so that a late tick does not make all later ones late.
static void arm(void)
{
    const int result = pv_timer_set(start_ns + (ticks + 1) * period_ns, tick, NULL);
    if (result < 0)
        pv_panic("setting the timer: error %d", -result);
}

// Between which two values the wall clock was when the monotonic one was at zero: reading both takes a moment.
struct zero {
    uint64_t earliest, latest;
};

static struct zero wall_clock_at_zero(void)
{
    const uint64_t before = pv_time_ns();
    const uint64_t wall = pv_wall_clock_ns();
    return (struct zero){.earliest = wall - pv_time_ns(), .latest = wall - before};
}

// Sleeps until there are more ticks than were seen. Upcalls are off between the look and the sleep, which turns them on: a
// tick that came in between would not wake anybody.
static void await_tick(uint64_t seen)
{
    pv_irq_disable();
    while (ticks == seen) {
        pv_event_block();
        pv_irq_disable();
    }
    pv_irq_enable();
}

static void show_clocks(uint64_t number)
{
    const uint64_t now = pv_time_ns();
    const uint64_t wall = pv_wall_clock_ns();
    pv_printf("tick %lu: %lu.%06lu s since the start, %lu.%06lu s since 1970\n", number, now / PV_SECOND_NS,
              now % PV_SECOND_NS / NS_PER_US, wall / PV_SECOND_NS, wall % PV_SECOND_NS / NS_PER_US);
}

int pv_main(const char *command_line)
{
    (void)command_line;
    char none[1];
    const bool show = pv_option("show", none, sizeof none) == 0;
    wanted = pv_option_number("ticks", 5);
    period_ns = pv_option_number("period_ms", 10) * PV_MILLISECOND_NS;
    pv_printf("%lu ticks, one every %lu ms\n", wanted, period_ns / PV_MILLISECOND_NS);

    const struct zero first = wall_clock_at_zero();
    bool agree = true, early = false;
    start_ns = pv_time_ns();
    if (wanted > 0)
        arm();
    for (uint64_t seen = 1; seen <= wanted; seen++) {
        await_tick(seen - 1);
        early |= pv_time_ns() < start_ns + seen * period_ns;
        const struct zero now = wall_clock_at_zero();
        agree &= now.earliest <= first.latest && first.earliest <= now.latest;
        if (show)
            show_clocks(seen);
        else
            pv_printf("tick %lu\n", seen);
    }
    pv_printf("no tick came early: %s\n", early ? "wrong" : "right");
    pv_printf("the wall clock went as far as the monotonic one: %s\n", agree ? "right" : "wrong");
    return early || !agree ? 1 : 0;
}
