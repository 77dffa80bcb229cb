// SPDX-License-Identifier: MIT
#include "core/vcpu.hpp"

#include <pvabi/event_channel.h>

#include <utility>

#include "core/domain.hpp"
#include "core/monitor.hpp"

namespace pvisor {

Vcpu::Vcpu(Domain& owner, VcpuId vcpu_id, TimerQueue& timers)
    : domain(owner),
      id(vcpu_id),
      next_piece(owner.monitor().work(), [this] { domain.monitor().serve_piece(*this); }),
      singleshot(timers, [this] { domain.events().raise_virq(PV_VIRQ_TIMER, id); }),
      poll_timeout(timers, [this] { wake(); }),
      run_states_(PV_RUNSTATE_OFFLINE, owner.monitor().now_ns()),
      periodic_(timers, [this] { tick(); }) {}

Vcpu::~Vcpu() {
  period_ns_ = 0;
  domain.monitor().scheduler().take_off(*this, VcpuState::Down);
}

void Vcpu::wake() {
  if (state != VcpuState::Blocked) return;
  polling = false;
  polled.clear();
  poll_timeout.disarm();
  result = 0;
  domain.monitor().scheduler().make_runnable(*this);
}

std::int32_t Vcpu::run_state() const {
  switch (state) {
    case VcpuState::Running:
    case VcpuState::InHypercall: return PV_RUNSTATE_RUNNING;
    case VcpuState::Runnable: return may_run() ? PV_RUNSTATE_RUNNABLE : PV_RUNSTATE_OFFLINE;
    case VcpuState::Blocked: return PV_RUNSTATE_BLOCKED;
    case VcpuState::Down: break;
  }
  return PV_RUNSTATE_OFFLINE;
}

bool Vcpu::can_run() const {
  const std::int32_t now_in = run_state();
  return now_in == PV_RUNSTATE_RUNNING || now_in == PV_RUNSTATE_RUNNABLE;
}

void Vcpu::keep_run_states() {
  if (std::exchange(accounts_, true)) return;
  run_states_ = RunStates(run_state(), run_states_.since_ns());
}

void Vcpu::account_now() {
  const std::int32_t now_in = run_state();
  if (now_in == run_states_.state()) return;
  run_states_.enter(now_in, domain.monitor().now_ns());
  if (period_ns_ == 0) return;
  // As on Xen, it does not wake anybody: a tick that was missed comes once, when the vCPU can run again.
  if (!can_run()) {
    periodic_.disarm();
  } else if (!periodic_.is_armed()) {
    periodic_.arm(last_tick_ns_ + period_ns_);
  }
}

pv_vcpu_runstate_info Vcpu::run_state_info() const { return run_states_.until(domain.monitor().now_ns()); }

void Vcpu::set_period(std::uint64_t period_ns) {
  keep_run_states();
  periodic_.disarm();
  period_ns_ = period_ns;
  last_tick_ns_ = domain.monitor().now_ns();
  if (period_ns != 0 && can_run()) periodic_.arm(last_tick_ns_ + period_ns);
}

void Vcpu::tick() {
  last_tick_ns_ = domain.monitor().now_ns();
  periodic_.arm(last_tick_ns_ + period_ns_);
  domain.events().raise_virq(PV_VIRQ_TIMER, id);
}

}  // namespace pvisor
