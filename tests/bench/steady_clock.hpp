// SPDX-License-Identifier: MIT
// A Clock for benchmarks that run a monitor in their own process.
#pragma once

#include <chrono>

#include "core/clock.hpp"

namespace pvisor::bench {

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const override {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin_).count());
  }
  [[nodiscard]] std::uint64_t wall_base_ns() const override { return 0; }
  [[nodiscard]] TimeScale scale() const override { return {}; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace pvisor::bench
