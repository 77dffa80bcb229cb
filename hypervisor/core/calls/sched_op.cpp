// SPDX-License-Identifier: MIT
// sched_op: yield, block, poll, shutdown and its relatives (pvabi/sched.h, ABI.md "sched_op").
#include <pvabi/errno.h>
#include <pvabi/sched.h>

#include <array>
#include <span>
#include <string>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"

namespace pvisor {

namespace {

using Kind = HypercallResult::Kind;

/// Marked blocked first, then the mask is cleared and pending is tested: an event that comes in between finds it blocked
/// and wakes it.
HypercallResult block(HypercallContext& ctx) {
  ctx.monitor.scheduler().block(ctx.vcpu);
  const SharedInfo& info = ctx.domain.shared_info();
  info.set_upcall_mask(ctx.vcpu.id, false);
  if (!info.upcall_pending(ctx.vcpu.id)) return {Kind::Blocked, 0};
  ctx.vcpu.state = VcpuState::InHypercall;
  ctx.vcpu.account();
  return 0;
}

HypercallResult poll(HypercallContext& ctx) {
  const auto request = ctx.domain.memory().read<pv_sched_poll>(GuestVirt(ctx.args[1]));
  if (!request) return -PV_EFAULT;
  if (request->nr_ports > PV_SCHED_POLL_MAX_PORTS) return -PV_EINVAL;

  std::array<std::uint32_t, PV_SCHED_POLL_MAX_PORTS> numbers;
  const std::span ports(numbers.data(), request->nr_ports);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto number = ctx.domain.memory().read<std::uint32_t>(GuestVirt(request->ports + i * sizeof ports[i]));
    if (!number) return -PV_EFAULT;
    if (!ctx.domain.events().is_allocated(Port(*number))) return -PV_EINVAL;
    ports[i] = *number;
  }

  const SharedInfo& info = ctx.domain.shared_info();
  for (const std::uint32_t number : ports) {
    if (info.is_pending(Port(number))) return 0;
  }
  if (info.upcall_due(ctx.vcpu.id)) return 0;
  if (request->timeout != 0 && request->timeout <= ctx.monitor.now_ns()) return 0;

  // Nothing can come in between: events are raised on this thread.
  for (const std::uint32_t number : ports) ctx.vcpu.polled.emplace_back(number);
  ctx.vcpu.polling = true;
  if (request->timeout != 0) ctx.vcpu.poll_timeout.arm(request->timeout);
  ctx.monitor.scheduler().block(ctx.vcpu);
  return {Kind::Blocked, 0};
}

HypercallResult shutdown(HypercallContext& ctx) {
  const auto request = ctx.domain.memory().read<pv_sched_shutdown>(GuestVirt(ctx.args[1]));
  if (!request) return -PV_EFAULT;
  DomainEnd end;
  end.exit_code = ctx.domain.exit_code();
  // 8 bits wide on Xen. The domain ends whatever they say: a guest that shuts down does not expect to go on.
  const auto given = static_cast<std::uint8_t>(request->reason);
  switch (const auto reason = ctx.domain.shutdown_code().value_or(given); reason) {
    case PV_SHUTDOWN_POWEROFF: end.kind = DomainEnd::Kind::Poweroff; break;
    case PV_SHUTDOWN_REBOOT: end.kind = DomainEnd::Kind::Reboot; break;
    case PV_SHUTDOWN_SUSPEND: end.kind = DomainEnd::Kind::Suspend; break;
    case PV_SHUTDOWN_WATCHDOG: end.kind = DomainEnd::Kind::Watchdog; break;
    case PV_SHUTDOWN_CRASH:
      ctx.monitor.crash(ctx.vcpu, kGuestReportedCrash);
      return {Kind::Gone, 0};
    default:
      ctx.monitor.crash(ctx.vcpu, "the guest shut down with reason " + std::to_string(reason) + ", which is not offered here");
      return {Kind::Gone, 0};
  }
  ctx.domain.end(std::move(end));
  return {Kind::Gone, 0};
}

HypercallResult shutdown_code(HypercallContext& ctx) {
  const auto request = ctx.domain.memory().read<pv_sched_shutdown>(GuestVirt(ctx.args[1]));
  if (!request) return -PV_EFAULT;
  std::optional<std::uint8_t>& code = ctx.domain.shutdown_code();
  if (!code) code = static_cast<std::uint8_t>(request->reason);
  return 0;
}

/// For domains that manage others. Nobody does here, and not itself either, as on Xen, where DOMID_SELF names no domain here.
HypercallResult remote_shutdown(HypercallContext& ctx) {
  const auto request = ctx.domain.memory().read<pv_sched_remote_shutdown>(GuestVirt(ctx.args[1]));
  if (!request) return -PV_EFAULT;
  const DomainId id{request->domain_id};
  return id == kMonitorDomain || ctx.monitor.find(id) != nullptr ? -PV_EPERM : -PV_ESRCH;
}

HypercallResult watchdog(HypercallContext& ctx) {
  const auto request = ctx.domain.memory().read<pv_sched_watchdog>(GuestVirt(ctx.args[1]));
  if (!request) return -PV_EFAULT;
  return ctx.domain.watchdogs().set(request->id, request->timeout, ctx.monitor.now_ns());
}

}  // namespace

HypercallResult hc_sched_op(HypercallContext& ctx) {
  switch (static_cast<std::uint32_t>(ctx.args[0])) {
    case PV_SCHEDOP_YIELD: return {Kind::Yield, 0};
    case PV_SCHEDOP_BLOCK: return block(ctx);
    case PV_SCHEDOP_POLL: return poll(ctx);
    case PV_SCHEDOP_SHUTDOWN: return shutdown(ctx);
    case PV_SCHEDOP_REMOTE_SHUTDOWN: return remote_shutdown(ctx);
    case PV_SCHEDOP_SHUTDOWN_CODE: return shutdown_code(ctx);
    case PV_SCHEDOP_WATCHDOG: return watchdog(ctx);
    case PV_SCHEDOP_PIN_OVERRIDE: return -PV_EPERM;
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor
