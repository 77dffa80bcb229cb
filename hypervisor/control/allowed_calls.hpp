// SPDX-License-Identifier: MIT
// The system calls of the monitor once guests run, as data: what is not here is denied. CONTRIBUTING.md, "How to add", says what to do
// when a new one is needed.
#pragma once

#include <cstdint>
#include <span>

namespace pvisor {

struct AllowedCall {
  enum class When : std::uint8_t {
    Always,
    OpensFiles,    ///< the plan has console files to rotate, or files to read again
    OpensSockets,  ///< user-mode networking
    RunsGuests,    ///< in this process
    RunsNoGuests,
  };
  /// A condition on one argument, (argument & mask) == value.
  struct Condition {
    unsigned argument;
    std::uint64_t mask;
    std::uint64_t value;
  };
  int number;
  When when = When::Always;
  std::span<const Condition> any_of{};  ///< one of them holds; empty: whatever the arguments
};

[[nodiscard]] std::span<const AllowedCall> allowed_calls();
/// Answered with an error, and nobody is alarmed: libraries ask, and go on without.
struct RefusedCall {
  int number;
  int error;
};
[[nodiscard]] std::span<const RefusedCall> refused_calls();
/// No mistake of ours makes these: whoever does has taken the monitor over, and it ends at once.
[[nodiscard]] std::span<const int> hostile_calls();

}  // namespace pvisor
