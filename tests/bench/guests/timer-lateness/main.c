// SPDX-License-Identifier: MIT
// Sleeps for a millisecond again and again, and tells how much later it woke than it wanted: median and 99th percentile, in
// nanoseconds.
#include <pv/guest.h>
#include <pv/time.h>

#define ROUNDS 500

static uint64_t late[ROUNDS];

static void sort(void)
{
    for (unsigned i = 1; i < ROUNDS; i++) {
        const uint64_t value = late[i];
        unsigned at = i;
        for (; at > 0 && late[at - 1] > value; at--)
            late[at] = late[at - 1];
        late[at] = value;
    }
}

int pv_main(const char *command_line)
{
    (void)command_line;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t deadline = pv_time_ns() + PV_MILLISECOND_NS;
        pv_sleep_ns(PV_MILLISECOND_NS);
        late[i] = pv_time_ns() - deadline;
    }
    sort();
    pv_printf("late %lu %lu\n", late[ROUNDS / 2], late[ROUNDS * 99 / 100]);
    return 0;
}
