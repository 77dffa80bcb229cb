// SPDX-License-Identifier: MIT
// vcpu_op's timers. Both raise VIRQ_TIMER on their vCPU; the one-shot timer is the one of set_timer_op.
#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

#include "core/calls/vcpu_calls.hpp"

namespace pvisor {

namespace {

constexpr std::uint64_t kMinPeriodNs = 1'000'000;                // Xen's: a guest cannot keep the monitor busy with less
constexpr std::uint64_t kMaxPeriodNs = ~std::uint64_t{0} >> 2;   // Xen's: sums of times stay in range

}  // namespace

std::int64_t vcpu_set_periodic_timer(HypercallContext& ctx, Vcpu& vcpu) {
  const auto request = ctx.domain.memory().read<pv_vcpu_set_periodic_timer>(GuestVirt(ctx.args[2]));
  if (!request) return -PV_EFAULT;
  if (request->period_ns < kMinPeriodNs || request->period_ns > kMaxPeriodNs) return -PV_EINVAL;
  vcpu.set_period(request->period_ns);
  return 0;
}

std::int64_t vcpu_set_singleshot_timer(HypercallContext& ctx, Vcpu& vcpu) {
  if (&vcpu != &ctx.vcpu) return -PV_EINVAL;
  const auto request = ctx.domain.memory().read<pv_vcpu_set_singleshot_timer>(GuestVirt(ctx.args[2]));
  if (!request) return -PV_EFAULT;
  vcpu.singleshot.arm(request->timeout_abs_ns);
  return 0;
}

std::int64_t vcpu_stop_singleshot_timer(HypercallContext& ctx, Vcpu& vcpu) {
  if (&vcpu != &ctx.vcpu) return -PV_EINVAL;
  vcpu.singleshot.disarm();
  return 0;
}

}  // namespace pvisor
