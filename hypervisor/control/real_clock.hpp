// SPDX-License-Identifier: MIT
// RealClock: CLOCK_MONOTONIC since the start, and how a guest computes the same from the CPU's counter. The scale is measured
// between two looks at both, so it gets better the longer they are apart: refine() is called now and then.
#pragma once

#include <cstdint>

#include "core/clock.hpp"

namespace pvisor {

/// The scale for `nanoseconds` in `ticks`; the origin is left 0. Precondition: ticks is not 0.
[[nodiscard]] TimeScale scale_from_rate(std::uint64_t nanoseconds, std::uint64_t ticks);
/// What a guest computes from it when the counter stands at `tsc`.
[[nodiscard]] std::uint64_t guest_time(const TimeScale& scale, std::uint64_t tsc);

class RealClock final : public Clock {
 public:
  RealClock();
  [[nodiscard]] std::uint64_t now_ns() const override;
  [[nodiscard]] std::uint64_t wall_base_ns() const override { return wall_base_; }
  [[nodiscard]] TimeScale scale() const override { return scale_; }

  /// Measures again; waits for half a millisecond to have passed since the start, if need be. The new scale continues where
  /// the old one stands now if that is ahead of the clock, and lets the clock catch up within `until_next_ns`: guest time
  /// never goes back. True if there is something new to publish.
  bool refine(std::uint64_t until_next_ns);

 private:
  struct Sample {
    std::uint64_t tsc = 0;
    std::uint64_t ns = 0;
  };
  [[nodiscard]] static Sample look();

  Sample start_;
  std::uint64_t wall_base_;
  TimeScale scale_;
  bool is_measured_ = false;
};

}  // namespace pvisor
