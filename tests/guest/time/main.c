// SPDX-License-Identifier: MIT
// time: system time never goes back, and the wall clock goes with it.
//
// Time is read without a call, so everything depends on the few fields in shared_info: a version that is odd only while they
// change, a multiplier that is not 0, and a wall clock that is the host's (check.py compares).

#include "report.h"

#include <pv/barrier.h>
#include <pv/hypercall.h>
#include <pv/memory.h>
#include <pv/time.h>

#define READS 300000
#define TRIES 1000000

// Waits for an even version, as every reader does; false if it stays odd.
static bool version_gets_even(void)
{
    for (unsigned i = 0; i < TRIES; i++)
        if (!(PV_READ_ONCE(pv_shared->vcpu_info[0].time.version) & 1))
            return true;
    return false;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    CHECK(pv_shared->vcpu_info[0].time.tsc_to_system_mul != 0);
    CHECK(version_gets_even());
    unsigned back = 0, odd = 0;
    uint64_t last = pv_time_ns(), last_wall = pv_wall_clock_ns();
    for (unsigned i = 0; i < READS; i++) {
        const uint64_t now = pv_time_ns(), wall = pv_wall_clock_ns();
        back += now < last || wall < last_wall;
        odd += !version_gets_even();
        last = now;
        last_wall = wall;
        if (i % 1000 == 0)
            pv_nop();
    }
    CHECK_EQUAL(back, 0);
    CHECK_EQUAL(odd, 0);

    const uint64_t begin = pv_time_ns();
    const uint64_t wall_begin = pv_wall_clock_ns();
    pv_sleep_ns(20 * PV_MILLISECOND_NS);
    const uint64_t wall = pv_wall_clock_ns() - wall_begin;
    const uint64_t system = pv_time_ns() - begin;
    CHECK(system >= 20 * PV_MILLISECOND_NS);
    CHECK(wall >= 20 * PV_MILLISECOND_NS && wall <= system); // wall was asked inside
    pv_printf("wall clock %lu\n", pv_wall_clock_ns() / PV_SECOND_NS);
    return report_end();
}
