// SPDX-License-Identifier: MIT
// Watchdogs: timers of a domain that end it unless it sets them anew in time (sched_op watchdog). Results are pv status values.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include <pvabi/errno.h>

#include "core/timers.hpp"

namespace pvisor {

class Watchdogs {
 public:
  static constexpr std::uint32_t kCount = 2;  ///< as on Xen

  Watchdogs(TimerQueue& timers, std::function<void()> expired)
      : expired_(std::move(expired)), timers_{Timer(timers, [this] { expired_(); }), Timer(timers, [this] { expired_(); })} {}

  /// Id 0 takes a free one and answers its id; a timeout of 0 gives one back.
  [[nodiscard]] std::int64_t set(std::uint32_t id, std::uint32_t seconds, std::uint64_t now_ns) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    const std::uint64_t deadline = now_ns + seconds * kSecond;
    if (id > kCount) return -PV_EINVAL;
    if (id == 0) return claim(deadline);
    Timer& timer = timers_[id - 1];
    if (!timer.is_armed()) return -PV_EINVAL;
    seconds == 0 ? timer.disarm() : timer.arm(deadline);
    return 0;
  }
  void stop() {
    for (Timer& timer : timers_) timer.disarm();
  }

 private:
  std::int64_t claim(std::uint64_t deadline) {
    for (std::uint32_t at = 0; at < kCount; ++at) {
      if (timers_[at].is_armed()) continue;
      timers_[at].arm(deadline);
      return at + 1;
    }
    return -PV_ENOSPC;
  }

  std::function<void()> expired_;
  std::array<Timer, kCount> timers_;
};

}  // namespace pvisor
