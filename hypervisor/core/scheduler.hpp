// SPDX-License-Identifier: MIT
// Scheduler: the queue of runnable vCPUs, round robin, and the moves between vCPU states.
#pragma once

#include <cstddef>

#include "core/vcpu.hpp"

namespace pvisor {

class Scheduler {
 public:
  /// Blocked, Down, InHypercall or Running -> Runnable, at the end of the queue; there only once it is up.
  void make_runnable(Vcpu& vcpu);
  void block(Vcpu& vcpu);
  /// Off the queue for good or until make_runnable.
  void take_off(Vcpu& vcpu, VcpuState state);
  /// vcpu_op up and down. Down takes the vCPU off the CPU at once, unless it is the one whose call is being answered: that one
  /// stops when the call has its answer, which it finds when it comes up again.
  void bring_up(Vcpu& vcpu);
  void bring_down(Vcpu& vcpu);
  /// The same for whoever operates the domain; a guest sees nothing of it but the time that has passed.
  void pause(Vcpu& vcpu);
  void unpause(Vcpu& vcpu);
  /// Next to run, still on the queue; nullptr if none.
  [[nodiscard]] Vcpu* first() const { return first_; }
  /// As many behind it. Precondition: index < runnable().
  [[nodiscard]] Vcpu* nth(std::size_t index) const;
  [[nodiscard]] std::size_t runnable() const { return length_; }

 private:
  void keep_off(Vcpu& vcpu);
  void unqueue(Vcpu& vcpu);

  // Linked through the vCPUs themselves, as events put them on and take them off all the time.
  Vcpu* first_ = nullptr;
  Vcpu* last_ = nullptr;
  std::size_t length_ = 0;
};

}  // namespace pvisor
