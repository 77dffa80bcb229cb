// SPDX-License-Identifier: MIT
// vcpu_op's structures in guest memory: run-state times, asked for once or kept in a place of the guest's choice; a copy of
// the time; and vcpu_info itself, moved.
#include <pvabi/errno.h>
#include <pvabi/shared_info.h>
#include <pvabi/vcpu.h>

#include <optional>
#include <utility>

#include "core/calls/vcpu_calls.hpp"

namespace pvisor {

namespace {

/// The area that `Request` at args[2] names, for a `Struct`. `error` says why there is none.
template <class Request, class Struct>
std::optional<GuestArea> requested_area(HypercallContext& ctx, std::int64_t& error) {
  const auto request = ctx.domain.memory().read<Request>(GuestVirt(ctx.args[2]));
  error = request ? -PV_EINVAL : -PV_EFAULT;
  if (!request || request->addr % GuestArea::kAlignment != 0) return std::nullopt;
  error = -PV_EFAULT;
  return GuestArea::create(ctx.domain, GuestVirt(request->addr), sizeof(Struct));
}

}  // namespace

std::int64_t vcpu_get_runstate_info(HypercallContext& ctx, Vcpu& vcpu) {
  const GuestVirt to{ctx.args[2]};
  if (!ctx.domain.memory().is_writable(to, sizeof(pv_vcpu_runstate_info))) return -PV_EFAULT;
  vcpu.keep_run_states();
  return ctx.domain.memory().write(to, vcpu.run_state_info()) ? 0 : -PV_EFAULT;
}

std::int64_t vcpu_register_runstate_memory_area(HypercallContext& ctx, Vcpu& vcpu) {
  std::int64_t error = 0;
  auto area = requested_area<pv_vcpu_register_runstate_memory_area, pv_vcpu_runstate_info>(ctx, error);
  if (!area) return error;
  vcpu.keep_run_states();
  vcpu.run_state_area = std::move(area);
  ctx.domain.publish_run_state(vcpu);
  return 0;
}

std::int64_t vcpu_register_vcpu_time_memory_area(HypercallContext& ctx, Vcpu& vcpu) {
  std::int64_t error = 0;
  auto area = requested_area<pv_vcpu_register_time_memory_area, pv_vcpu_time_info>(ctx, error);
  if (!area) return error;
  vcpu.time_area = std::move(area);
  ctx.domain.publish_time(vcpu);
  return 0;
}

std::int64_t vcpu_register_vcpu_info(HypercallContext& ctx, Vcpu& vcpu) {
  const auto request = ctx.domain.memory().read<pv_vcpu_register_vcpu_info>(GuestVirt(ctx.args[2]));
  if (!request) return -PV_EFAULT;
  if (request->offset > kPageSize - sizeof(pv_vcpu_info) || request->offset % GuestArea::kAlignment != 0) return -PV_ENXIO;
  if (ctx.domain.shared_info().moved_to(vcpu.id)) return -PV_EINVAL;
  if (&vcpu != &ctx.vcpu && vcpu.is_up) return -PV_EINVAL;
  const GuestFrame frame{request->mfn};
  if (!ctx.domain.memory().is_ram(frame)) return -PV_EINVAL;
  const GuestVirt at{ctx.domain.memory().virt_base().value() + (frame.value() << kPageShift) + request->offset};
  auto area = GuestArea::create(ctx.domain, at, sizeof(pv_vcpu_info));
  if (!area) return -PV_EINVAL;
  ctx.domain.move_vcpu_info(vcpu, std::move(*area));
  return 0;
}

}  // namespace pvisor
