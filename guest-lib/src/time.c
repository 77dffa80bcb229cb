// SPDX-License-Identifier: MIT
// Reading system time from shared_info, by the version protocol of pvabi/shared_info.h.

#include <pv/time.h>

#include <pv/barrier.h>
#include <pv/vcpu.h>

static uint64_t latest; // the largest time told so far: TSC rates are corrected now and then, time must not go back

static uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t scale(uint64_t ticks, uint32_t multiplier, int shift)
{
    ticks = shift < 0 ? ticks >> -shift : ticks << shift;
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)ticks * multiplier >> 32);
}

static uint64_t read_system_time(void)
{
    const struct pv_vcpu_time_info *info = &pv_own_vcpu_info()->time;
    for (;;) {
        const uint32_t version = PV_READ_ONCE(info->version);
        pv_rmb();
        const uint64_t elapsed = read_tsc() - PV_READ_ONCE(info->tsc_timestamp);
        const uint64_t now = PV_READ_ONCE(info->system_time) +
                             scale(elapsed, PV_READ_ONCE(info->tsc_to_system_mul), PV_READ_ONCE(info->tsc_shift));
        pv_rmb();
        if (!(version & 1) && version == PV_READ_ONCE(info->version))
            return now;
    }
}

uint64_t pv_time_ns(void)
{
    const uint64_t now = read_system_time();
    uint64_t last = PV_READ_ONCE(latest);
    while (now > last)
        if (__atomic_compare_exchange_n(&latest, &last, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return now;
    return last;
}
