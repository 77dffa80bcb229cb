// SPDX-License-Identifier: MIT
#include "core/scheduler.hpp"

#include <algorithm>

namespace pvisor {

void Scheduler::make_runnable(Vcpu& vcpu) {
  vcpu.state = VcpuState::Runnable;
  if (vcpu.queued) return;
  vcpu.queued = true;
  queue_.push_back(&vcpu);
}

void Scheduler::block(Vcpu& vcpu) { take_off(vcpu, VcpuState::Blocked); }

void Scheduler::take_off(Vcpu& vcpu, VcpuState state) {
  vcpu.state = state;
  if (!vcpu.queued) return;
  vcpu.queued = false;
  std::erase(queue_, &vcpu);
}

Vcpu* Scheduler::next() {
  if (queue_.empty()) return nullptr;
  Vcpu* vcpu = queue_.front();
  queue_.pop_front();
  vcpu->queued = false;
  return vcpu;
}

}  // namespace pvisor
