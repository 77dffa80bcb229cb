// SPDX-License-Identifier: MIT
// Floors that other rows are compared with: x_floor = time of the row / time of the floor, both taken in one run.
#pragma once

#include <sched.h>

namespace pvisor::bench {

/// Nanoseconds of one Boost.Context round trip, measured now.
[[nodiscard]] double boost_round_trip_ns();
/// Nanoseconds of one indirect call with a test of two bytes behind it: what a local hypercall costs at best.
[[nodiscard]] double indirect_call_ns();

/// Nanoseconds in which a word in shared memory goes to another process and back: both look at it all the time, on two CPUs.
[[nodiscard]] double spin_hand_off_ns();
/// The same with both on one CPU, asleep while it is not their turn.
[[nodiscard]] double futex_hand_off_ns();

/// While it lives, this process and those it starts run on one CPU.
class OneCpu {
 public:
  OneCpu();
  ~OneCpu();
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace pvisor::bench
