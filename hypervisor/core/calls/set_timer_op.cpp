// SPDX-License-Identifier: MIT
// set_timer_op: the calling vCPU's one-shot timer, which raises VIRQ_TIMER on it.
#include "core/domain.hpp"
#include "core/hypercall.hpp"

namespace pvisor {

/// args[0]: absolute system time in nanoseconds; 0 disarms. A time that has passed fires at once, never again.
HypercallResult hc_set_timer_op(HypercallContext& ctx) {
  const std::uint64_t deadline = ctx.args[0];
  if (deadline == 0) {
    ctx.vcpu.singleshot.disarm();
  } else {
    ctx.vcpu.singleshot.arm(deadline);
  }
  return 0;
}

}  // namespace pvisor
