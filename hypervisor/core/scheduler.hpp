// SPDX-License-Identifier: MIT
// Scheduler: the queue of runnable vCPUs, round robin, and the moves between vCPU states.
#pragma once

#include <cstddef>
#include <deque>

#include "core/vcpu.hpp"

namespace pvisor {

class Scheduler {
 public:
  /// Blocked, Down, InHypercall or Running -> Runnable, at the end of the queue.
  void make_runnable(Vcpu& vcpu);
  void block(Vcpu& vcpu);
  /// Off the queue for good or until make_runnable.
  void take_off(Vcpu& vcpu, VcpuState state);
  /// Next to run, already off the queue; nullptr if none.
  [[nodiscard]] Vcpu* next();
  [[nodiscard]] std::size_t runnable() const { return queue_.size(); }

 private:
  std::deque<Vcpu*> queue_;
};

}  // namespace pvisor
