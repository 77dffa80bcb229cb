// SPDX-License-Identifier: MIT
// Reading wall-clock time from shared_info, by the version protocol of pvabi/shared_info.h.

#include <pv/time.h>

#include <pv/barrier.h>
#include <pv/memory.h>

uint64_t pv_wall_clock_ns(void)
{
    for (;;) {
        const uint32_t version = PV_READ_ONCE(pv_shared->wc_version);
        pv_rmb();
        const uint64_t seconds = (uint64_t)PV_READ_ONCE(pv_shared->wc_sec_hi) << 32 | PV_READ_ONCE(pv_shared->wc_sec);
        const uint64_t base = seconds * PV_SECOND_NS + PV_READ_ONCE(pv_shared->wc_nsec);
        pv_rmb();
        if (!(version & 1) && version == PV_READ_ONCE(pv_shared->wc_version))
            return base + pv_time_ns();
    }
}
