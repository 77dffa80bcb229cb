// SPDX-License-Identifier: MIT
// Scheduler: the queue of runnable vCPUs, round robin, and the moves between vCPU states.
#pragma once

#include <cstddef>

#include "core/vcpu.hpp"

namespace pvisor {

class Scheduler {
 public:
  /// Blocked, Down, InHypercall or Running -> Runnable, at the end of the queue.
  void make_runnable(Vcpu& vcpu);
  void block(Vcpu& vcpu);
  /// Off the queue for good or until make_runnable.
  void take_off(Vcpu& vcpu, VcpuState state);
  /// Next to run, still on the queue; nullptr if none.
  [[nodiscard]] Vcpu* first() const { return first_; }
  [[nodiscard]] std::size_t runnable() const { return length_; }

 private:
  // Linked through the vCPUs themselves, as events put them on and take them off all the time.
  Vcpu* first_ = nullptr;
  Vcpu* last_ = nullptr;
  std::size_t length_ = 0;
};

}  // namespace pvisor
