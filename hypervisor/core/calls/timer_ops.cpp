// SPDX-License-Identifier: MIT
// set_timer_op and vcpu_op: one-shot timers that raise VIRQ_TIMER, and which vCPUs are up (pvabi/vcpu.h).
#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"

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

namespace {

HypercallResult set_singleshot(HypercallContext& ctx, Vcpu& vcpu) {
  const auto request = ctx.domain.memory().read<pv_vcpu_set_singleshot_timer>(GuestVirt(ctx.args[2]));
  if (!request) return -PV_EFAULT;
  const bool must_be_future = (request->flags & PV_VCPU_SSHOTTMR_FUTURE) != 0;
  if (must_be_future && request->timeout_abs_ns < ctx.monitor.now_ns()) return -PV_ETIME;
  vcpu.singleshot.arm(request->timeout_abs_ns);
  return 0;
}

}  // namespace

/// args: command, vCPU number, argument.
HypercallResult hc_vcpu_op(HypercallContext& ctx) {
  Vcpu* vcpu = ctx.domain.vcpu(VcpuId(static_cast<std::uint32_t>(ctx.args[1])));
  if (vcpu == nullptr) return -PV_ENOENT;
  switch (static_cast<std::uint32_t>(ctx.args[0])) {
    case PV_VCPUOP_IS_UP: return vcpu->state == VcpuState::Down ? 0 : 1;
    case PV_VCPUOP_SET_SINGLESHOT_TIMER: return vcpu == &ctx.vcpu ? set_singleshot(ctx, *vcpu) : HypercallResult(-PV_EINVAL);
    case PV_VCPUOP_STOP_SINGLESHOT_TIMER:
      if (vcpu != &ctx.vcpu) return -PV_EINVAL;
      vcpu->singleshot.disarm();
      return 0;
    case PV_VCPUOP_STOP_PERIODIC_TIMER: return 0;  // none runs: periodic timers are not offered
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor
