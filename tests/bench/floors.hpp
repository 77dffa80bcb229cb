// SPDX-License-Identifier: MIT
// Floors that other rows are compared with: x_floor = time of the row / time of the floor, both taken in one run.
#pragma once

#include <chrono>

namespace pvisor::bench {

/// Nanoseconds of one Boost.Context round trip, measured now.
[[nodiscard]] double boost_round_trip_ns();
/// Nanoseconds of one indirect call with a test of two bytes behind it: what a local hypercall costs at best.
[[nodiscard]] double indirect_call_ns();

}  // namespace pvisor::bench
