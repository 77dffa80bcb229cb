// SPDX-License-Identifier: MIT
// RunStates: how long a vCPU has been running, runnable, blocked and offline, as pv_vcpu_runstate_info tells it.
#pragma once

#include <cstdint>

#include <pvabi/vcpu.h>

namespace pvisor {

class RunStates {
 public:
  RunStates(std::int32_t state, std::uint64_t since_ns) : info_{state, since_ns, {}} {}

  [[nodiscard]] std::int32_t state() const { return info_.state; }
  [[nodiscard]] std::uint64_t since_ns() const { return info_.state_entry_time; }
  /// Precondition: `state` is a PV_RUNSTATE_*, and `now_ns` not before any earlier one.
  void enter(std::int32_t state, std::uint64_t now_ns) {
    info_.time[info_.state] += now_ns - info_.state_entry_time;
    info_.state = state;
    info_.state_entry_time = now_ns;
  }
  /// With what the present state has lasted so far.
  [[nodiscard]] pv_vcpu_runstate_info until(std::uint64_t now_ns) const {
    pv_vcpu_runstate_info info = info_;
    info.time[info.state] += now_ns - info.state_entry_time;
    return info;
  }

 private:
  pv_vcpu_runstate_info info_;
};

}  // namespace pvisor
