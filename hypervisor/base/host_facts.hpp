// SPDX-License-Identifier: MIT
// What is asked of the host in more than one place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pvisor {

/// CLOCK_MONOTONIC, in nanoseconds: for the monitor's own patience. What guests see of time is the Clock's (core/clock.hpp).
[[nodiscard]] std::uint64_t monotonic_ns();
/// CPUs that this process may run on; 1 if the host does not say.
[[nodiscard]] std::size_t allowed_cpus();

}  // namespace pvisor
