// SPDX-License-Identifier: MIT
// VirtualClock: time that is moved by steps while anything runs and jumps to the next deadline when nothing can. A guest that
// sleeps for an hour is done at once, and a run does not depend on how fast the host is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/clock.hpp"

namespace pvisor {

class VirtualClock final : public Clock {
 public:
  /// `wall_base_ns`: the Unix time, in nanoseconds, that guests see at the start.
  explicit VirtualClock(std::uint64_t wall_base_ns) : wall_base_ns_(wall_base_ns) {}

  [[nodiscard]] std::uint64_t now_ns() const override { return now_ns_; }
  [[nodiscard]] std::uint64_t wall_base_ns() const override { return wall_base_ns_; }
  /// The CPU's counter adds nothing however far it runs: only system_time counts, published whenever a vCPU gets its turn.
  [[nodiscard]] TimeScale scale() const override { return {0, now_ns_, 1, -31}; }
  [[nodiscard]] bool moves_by_itself() const override { return false; }

  void advance(std::uint64_t nanoseconds) { now_ns_ += nanoseconds; }
  /// Where the time is kept: an engine answers guests that ask for the CPU's counter with it.
  [[nodiscard]] const std::uint64_t* word() const { return &now_ns_; }
  /// Never back.
  void jump_to(std::uint64_t deadline_ns) { now_ns_ = std::max(now_ns_, deadline_ns); }

 private:
  std::uint64_t now_ns_ = 0;
  std::uint64_t wall_base_ns_;
};

class Monitor;

/// Serves `monitor`, whose clock is `clock`, until nothing can run and no timer is armed.
void run_virtual(Monitor& monitor, VirtualClock& clock);

}  // namespace pvisor
