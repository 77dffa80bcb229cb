// SPDX-License-Identifier: MIT
// Exit: why a vCPU stopped running. An engine reports one of these and nothing more; what it means is the core's business.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

namespace pvisor {

/// A call that the shim did not answer itself. Arguments in ABI order: rdi, rsi, rdx, r10, r8.
struct HypercallExit {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 5> args{};
};

/// An exception for which the guest has no handler. `vector` and `error_code` as the CPU gives them; `address` is the
/// faulting address of a page fault, else 0.
struct FaultExit {
  std::uint8_t vector = 0;
  std::uint32_t error_code = 0;
  std::uint64_t address = 0;
};

/// The vCPU was taken off the CPU (its budget ended, a tick or a kick); it is still runnable.
struct PreemptedExit {};

/// The vCPU can never run again: its carrier died, or the shim could not go on (a bad guest stack, a zero handler).
/// `reason` is the engine's own text and lives as long as the vCPU: an Exit is copied on the hottest path, so it owns nothing.
struct DiedExit {
  std::string_view reason;
};

using Exit = std::variant<HypercallExit, FaultExit, PreemptedExit, DiedExit>;

}  // namespace pvisor
