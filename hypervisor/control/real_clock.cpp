// SPDX-License-Identifier: MIT
#include "control/real_clock.hpp"

#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <limits>

namespace pvisor {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kShortestNs = 500'000;

std::uint64_t read_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

TimeScale scale_from_rate(std::uint64_t nanoseconds, std::uint64_t ticks) {
  TimeScale scale;
  scale.tsc_shift = 0;
  Wide factor = (static_cast<Wide>(nanoseconds) << 32) / ticks;
  for (; factor > std::numeric_limits<std::uint32_t>::max(); factor >>= 1) ++scale.tsc_shift;
  scale.tsc_to_system_mul = static_cast<std::uint32_t>(factor);
  return scale;
}

std::uint64_t guest_time(const TimeScale& scale, std::uint64_t tsc) {
  std::uint64_t ticks = tsc - scale.tsc_timestamp;
  ticks = scale.tsc_shift >= 0 ? ticks << scale.tsc_shift : ticks >> -scale.tsc_shift;
  return scale.system_time + static_cast<std::uint64_t>((static_cast<Wide>(ticks) * scale.tsc_to_system_mul) >> 32);
}

RealClock::RealClock() : start_(look()), wall_base_(read_ns(CLOCK_REALTIME)) {}

std::uint64_t RealClock::now_ns() const { return read_ns(CLOCK_MONOTONIC) - start_.ns; }

RealClock::Sample RealClock::look() {
  Sample best;
  std::uint64_t best_width = std::numeric_limits<std::uint64_t>::max();
  for (int attempt = 0; attempt < 5; ++attempt) {  // the tightest of a few: an interruption in between would spoil it
    const std::uint64_t before = __rdtsc();
    const std::uint64_t ns = read_ns(CLOCK_MONOTONIC);
    const std::uint64_t width = __rdtsc() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {before + width / 2, ns};
  }
  return best;
}

bool RealClock::refine(std::uint64_t until_next_ns) {
  Sample now = look();
  while (now.ns - start_.ns < kShortestNs) now = look();
  if (now.tsc <= start_.tsc) return false;  // a counter that stands still or runs back gives no scale
  const std::uint64_t elapsed = now.ns - start_.ns;
  TimeScale fresh = scale_from_rate(elapsed, now.tsc - start_.tsc);
  fresh.tsc_timestamp = now.tsc;
  fresh.system_time = elapsed;
  if (is_measured_) fresh.system_time = std::max(elapsed, guest_time(scale_, now.tsc));
  if (const std::uint64_t ahead = std::min(fresh.system_time - elapsed, until_next_ns / 2); ahead > 0) {
    const Wide slower = static_cast<Wide>(fresh.tsc_to_system_mul) * (until_next_ns - ahead) / until_next_ns;
    fresh.tsc_to_system_mul = static_cast<std::uint32_t>(slower);
  }
  scale_ = fresh;
  is_measured_ = true;
  return true;
}

}  // namespace pvisor
