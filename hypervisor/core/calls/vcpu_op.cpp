// SPDX-License-Identifier: MIT
// vcpu_op: a domain's vCPUs: initialise, up and down (pvabi/vcpu.h). Timers and structures in guest memory have their files.
#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/vcpu.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/host_error.hpp"
#include "core/calls/vcpu_calls.hpp"

namespace pvisor {

namespace {

constexpr std::uint64_t kMaxLdtEntries = 8192;
constexpr std::uint64_t kMaxGdtEntries = 16 * 512;

bool is_canonical(std::uint64_t address) {
  constexpr std::uint64_t kSignBits = ~std::uint64_t{0} << 47;
  const std::uint64_t upper = address & kSignBits;
  return upper == 0 || upper == kSignBits;
}

/// Xen's checks, except those of page tables and descriptor frames, of which level 0 has none.
bool is_acceptable(const pv_vcpu_guest_context& context) {
  const std::array addresses{context.user_regs.rip,         context.user_regs.rsp,        context.kernel_sp,
                             context.ldt_base,              context.fs_base,              context.gs_base_kernel,
                             context.gs_base_user,          context.event_callback_eip,   context.failsafe_callback_eip,
                             context.syscall_callback_eip};
  if (!std::ranges::all_of(addresses, is_canonical)) return false;
  if (!std::ranges::all_of(context.trap_ctxt, [](const pv_trap_info& trap) { return is_canonical(trap.address); })) return false;
  if (context.ldt_base % kPageSize != 0 || context.ldt_ents > kMaxLdtEntries || context.gdt_ents > kMaxGdtEntries) return false;
  return (context.flags & PV_VGCF_IN_KERNEL) != 0;  // there is no user mode to begin in
}

std::int64_t initialise(HypercallContext& ctx, Vcpu& vcpu) {
  const auto context = std::make_unique<pv_vcpu_guest_context>();  // 5 KiB: not on the way of every call
  if (!ctx.domain.memory().copy_in(GuestVirt(ctx.args[2]), std::as_writable_bytes(std::span(context.get(), 1)))) return -PV_EFAULT;
  if (vcpu.is_initialised()) return -PV_EEXIST;
  if (!is_acceptable(*context)) return -PV_EINVAL;
  try {
    ctx.domain.initialise_vcpu(vcpu, *context);
  } catch (const HostError&) {
    return -PV_ENOMEM;
  }
  if ((context->flags & PV_VGCF_ONLINE) != 0) ctx.monitor.scheduler().bring_up(vcpu);
  return 0;
}

std::int64_t up(HypercallContext& ctx, Vcpu& vcpu) {
  if (!vcpu.is_initialised()) return -PV_EINVAL;
  ctx.monitor.scheduler().bring_up(vcpu);
  return 0;
}

/// As on Xen, the last one to go down takes the domain with it.
HypercallResult down(HypercallContext& ctx, Vcpu& vcpu) {
  using Kind = HypercallResult::Kind;
  if (vcpu.is_up && ctx.domain.vcpus_up() == 1) {
    ctx.domain.end({DomainEnd::Kind::Poweroff, ctx.domain.exit_code(), {}, {}});
    return {Kind::Gone, 0};
  }
  ctx.monitor.scheduler().bring_down(vcpu);
  if (&vcpu == &ctx.vcpu) return {Kind::Yield, 0};  // answered when it comes up again
  return 0;
}

}  // namespace

/// args: command, vCPU number, argument.
HypercallResult hc_vcpu_op(HypercallContext& ctx) {
  Vcpu* vcpu = ctx.domain.vcpu(VcpuId(static_cast<std::uint32_t>(ctx.args[1])));
  if (vcpu == nullptr) return -PV_ENOENT;
  switch (static_cast<std::uint32_t>(ctx.args[0])) {
    case PV_VCPUOP_INITIALISE: return initialise(ctx, *vcpu);
    case PV_VCPUOP_UP: return up(ctx, *vcpu);
    case PV_VCPUOP_DOWN: return down(ctx, *vcpu);
    case PV_VCPUOP_IS_UP: return vcpu->is_up ? 1 : 0;
    case PV_VCPUOP_GET_RUNSTATE_INFO: return vcpu_get_runstate_info(ctx, *vcpu);
    case PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA: return vcpu_register_runstate_memory_area(ctx, *vcpu);
    case PV_VCPUOP_SET_PERIODIC_TIMER: return vcpu_set_periodic_timer(ctx, *vcpu);
    case PV_VCPUOP_STOP_PERIODIC_TIMER: vcpu->set_period(0); return 0;
    case PV_VCPUOP_SET_SINGLESHOT_TIMER: return vcpu_set_singleshot_timer(ctx, *vcpu);
    case PV_VCPUOP_STOP_SINGLESHOT_TIMER: return vcpu_stop_singleshot_timer(ctx, *vcpu);
    case PV_VCPUOP_REGISTER_VCPU_INFO: return vcpu_register_vcpu_info(ctx, *vcpu);
    case PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA: return vcpu_register_vcpu_time_memory_area(ctx, *vcpu);
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor
