// SPDX-License-Identifier: MIT
#include "core/vcpu.hpp"

#include <pvabi/event_channel.h>

#include "core/domain.hpp"
#include "core/monitor.hpp"

namespace pvisor {

Vcpu::Vcpu(Domain& owner, VcpuId vcpu_id, TimerQueue& timers)
    : domain(owner),
      id(vcpu_id),
      singleshot(timers, [this] { domain.events().raise_virq(PV_VIRQ_TIMER, id); }),
      poll_timeout(timers, [this] { wake(); }) {}

Vcpu::~Vcpu() { domain.monitor().scheduler().take_off(*this, VcpuState::Down); }

void Vcpu::wake() {
  if (state != VcpuState::Blocked) return;
  polling = false;
  polled.clear();
  poll_timeout.disarm();
  result = 0;
  domain.monitor().scheduler().make_runnable(*this);
}

}  // namespace pvisor
