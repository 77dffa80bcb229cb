// SPDX-License-Identifier: MIT
#include "core/scheduler.hpp"

#include <utility>

namespace pvisor {

void Scheduler::make_runnable(Vcpu& vcpu) {
  vcpu.state = VcpuState::Runnable;
  vcpu.account();
  if (!vcpu.may_run() || std::exchange(vcpu.queued, true)) return;
  vcpu.queued_before = last_;
  vcpu.queued_after = nullptr;
  (last_ != nullptr ? last_->queued_after : first_) = &vcpu;
  last_ = &vcpu;
  ++length_;
}

void Scheduler::block(Vcpu& vcpu) { take_off(vcpu, VcpuState::Blocked); }

void Scheduler::take_off(Vcpu& vcpu, VcpuState state) {
  vcpu.state = state;
  vcpu.account();
  unqueue(vcpu);
}

void Scheduler::bring_up(Vcpu& vcpu) {
  vcpu.is_up = true;
  if (vcpu.state == VcpuState::Runnable) make_runnable(vcpu);
}

void Scheduler::bring_down(Vcpu& vcpu) {
  vcpu.is_up = false;
  keep_off(vcpu);
}

void Scheduler::pause(Vcpu& vcpu) {
  vcpu.is_paused = true;
  keep_off(vcpu);
}

void Scheduler::unpause(Vcpu& vcpu) {
  vcpu.is_paused = false;
  if (vcpu.state == VcpuState::Runnable) make_runnable(vcpu);
}

void Scheduler::keep_off(Vcpu& vcpu) {
  unqueue(vcpu);
  // One that has announced an exit keeps it: it is served like any other, and then the vCPU stays off the queue.
  if (vcpu.state == VcpuState::Running && vcpu.context->stop()) vcpu.state = VcpuState::Runnable;
  vcpu.account();
}

void Scheduler::unqueue(Vcpu& vcpu) {
  if (!std::exchange(vcpu.queued, false)) return;
  (vcpu.queued_before != nullptr ? vcpu.queued_before->queued_after : first_) = vcpu.queued_after;
  (vcpu.queued_after != nullptr ? vcpu.queued_after->queued_before : last_) = vcpu.queued_before;
  --length_;
}

Vcpu* Scheduler::nth(std::size_t index) const {
  Vcpu* vcpu = first_;
  for (; index > 0; --index) vcpu = vcpu->queued_after;
  return vcpu;
}

}  // namespace pvisor
