// SPDX-License-Identifier: MIT
// Clock: where time comes from. Nanoseconds since the monitor started; the core never asks the host itself, so virtual
// time and unit tests need no special case.
#pragma once

#include <cstdint>

namespace pvisor {

/// How a guest turns the CPU's counter into time: the numbers of vcpu_time_info (pvabi/shared_info.h).
struct TimeScale {
  std::uint64_t tsc_timestamp = 0;
  std::uint64_t system_time = 0;
  std::uint32_t tsc_to_system_mul = 1;
  std::int8_t tsc_shift = -31;
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::uint64_t now_ns() const = 0;
  /// Nanoseconds of the Unix epoch at now_ns() == 0.
  [[nodiscard]] virtual std::uint64_t wall_base_ns() const = 0;
  [[nodiscard]] virtual TimeScale scale() const = 0;
  /// False for virtual time: guests then see it only as it is published.
  [[nodiscard]] virtual bool moves_by_itself() const { return true; }
};

}  // namespace pvisor
