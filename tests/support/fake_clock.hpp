// SPDX-License-Identifier: MIT
// FakeClock: time that a test moves by hand.
#pragma once

#include <cstdint>

#include "core/clock.hpp"

namespace pvisor {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const override { return now_; }
  [[nodiscard]] std::uint64_t wall_base_ns() const override { return wall_base; }
  [[nodiscard]] TimeScale scale() const override { return {0, now_, 1, -31}; }
  void set(std::uint64_t now_ns) { now_ = now_ns; }
  void advance(std::uint64_t by_ns) { now_ += by_ns; }

  std::uint64_t wall_base = 1'700'000'000'000'000'000;

 private:
  std::uint64_t now_ = 0;
};

}  // namespace pvisor
