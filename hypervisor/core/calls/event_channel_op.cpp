// SPDX-License-Identifier: MIT
// event_channel_op: takes one struct apart, lets EventChannels decide, and writes the answer back. The struct is read
// once, and is known to be writable where an answer goes there, so that never fails after the act.
#include "base/assert.hpp"
#include "core/calls/domain_argument.hpp"
#include "core/hypercall.hpp"
#include "pvabi/event_channel.h"

namespace pvisor {
namespace {

/// Reads the command's struct and gives it to `act`; -PV_EFAULT if it is not all in the guest's memory.
template <class Op, class F>
HypercallResult with(HypercallContext& ctx, F act) {
  const auto op = ctx.domain.memory().read<Op>(GuestVirt{ctx.args[1]});
  if (!op) return -PV_EFAULT;
  return act(*op);
}

/// The same for a struct that `act` answers in: it must be there to be written as well.
template <class Op, class F>
HypercallResult answer_with(HypercallContext& ctx, F act) {
  if (!ctx.domain.memory().is_writable(GuestVirt{ctx.args[1]}, sizeof(Op))) return -PV_EFAULT;
  return with<Op>(ctx, act);
}

template <class Op>
HypercallResult answer(HypercallContext& ctx, const Op& op) {
  PV_CHECK(ctx.domain.memory().write(GuestVirt{ctx.args[1]}, op));
  return 0;
}

/// Ends a command that makes a port: stores it in `op.*field`, or passes the error on.
template <class Op>
HypercallResult answer_port(HypercallContext& ctx, Op op, pv_evtchn_port_t Op::*field, std::int64_t port) {
  if (port < 0) return port;
  op.*field = static_cast<pv_evtchn_port_t>(port);
  return answer(ctx, op);
}

HypercallResult evtchn_alloc_unbound(HypercallContext& ctx) {
  return answer_with<pv_evtchn_alloc_unbound>(ctx, [&](const auto& op) -> HypercallResult {
    if (const auto error = check_own_domain(ctx, op.dom); error != 0) return error;
    const auto port = ctx.domain.events().alloc_unbound(resolve_domain(ctx, op.remote_dom));
    return answer_port(ctx, op, &pv_evtchn_alloc_unbound::port, port);
  });
}

HypercallResult evtchn_bind_interdomain(HypercallContext& ctx) {
  return answer_with<pv_evtchn_bind_interdomain>(ctx, [&](const auto& op) {
    const auto port = ctx.domain.events().bind_interdomain(resolve_domain(ctx, op.remote_dom), Port{op.remote_port});
    return answer_port(ctx, op, &pv_evtchn_bind_interdomain::local_port, port);
  });
}

HypercallResult evtchn_bind_virq(HypercallContext& ctx) {
  return answer_with<pv_evtchn_bind_virq>(ctx, [&](const auto& op) {
    const auto port = ctx.domain.events().bind_virq(op.virq, VcpuId{op.vcpu});
    return answer_port(ctx, op, &pv_evtchn_bind_virq::port, port);
  });
}

HypercallResult evtchn_bind_ipi(HypercallContext& ctx) {
  return answer_with<pv_evtchn_bind_ipi>(ctx, [&](const auto& op) {
    const auto port = ctx.domain.events().bind_ipi(VcpuId{op.vcpu});
    return answer_port(ctx, op, &pv_evtchn_bind_ipi::port, port);
  });
}

HypercallResult evtchn_close(HypercallContext& ctx) {
  return with<pv_evtchn_close>(
      ctx, [&](const auto& op) -> HypercallResult { return ctx.domain.events().close(Port{op.port}); });
}

HypercallResult evtchn_send(HypercallContext& ctx) {
  return with<pv_evtchn_send>(
      ctx, [&](const auto& op) -> HypercallResult { return ctx.domain.events().send(Port{op.port}); });
}

HypercallResult evtchn_unmask(HypercallContext& ctx) {
  return with<pv_evtchn_unmask>(
      ctx, [&](const auto& op) -> HypercallResult { return ctx.domain.events().unmask(Port{op.port}); });
}

HypercallResult evtchn_bind_vcpu(HypercallContext& ctx) {
  return with<pv_evtchn_bind_vcpu>(ctx, [&](const auto& op) -> HypercallResult {
    return ctx.domain.events().bind_vcpu(Port{op.port}, VcpuId{op.vcpu});
  });
}

HypercallResult evtchn_status(HypercallContext& ctx) {
  return answer_with<pv_evtchn_status>(ctx, [&](pv_evtchn_status op) -> HypercallResult {
    if (const auto error = check_own_domain(ctx, op.dom); error != 0) return error;
    EventChannels::Status status{};
    if (const auto error = ctx.domain.events().status(Port{op.port}, status); error != 0) return error;
    op.status = status.status;
    op.vcpu = status.vcpu;
    if (status.status == PV_EVTCHNSTAT_UNBOUND) op.u.unbound.dom = status.remote_domain.value();
    if (status.status == PV_EVTCHNSTAT_VIRQ) op.u.virq = status.number;
    if (status.status == PV_EVTCHNSTAT_INTERDOMAIN) {
      op.u.interdomain.dom = status.remote_domain.value();
      op.u.interdomain.port = status.remote_port.value();
    }
    return answer(ctx, op);
  });
}

HypercallResult evtchn_reset(HypercallContext& ctx) {
  return with<pv_evtchn_reset>(ctx, [&](const auto& op) -> HypercallResult {
    if (const auto error = check_own_domain(ctx, op.dom); error != 0) return error;
    ctx.domain.events().reset();
    return 0;
  });
}

}  // namespace

HypercallResult hc_event_channel_op(HypercallContext& ctx) {
  switch (static_cast<std::uint32_t>(ctx.args[0])) {
    case PV_EVTCHNOP_ALLOC_UNBOUND: return evtchn_alloc_unbound(ctx);
    case PV_EVTCHNOP_BIND_INTERDOMAIN: return evtchn_bind_interdomain(ctx);
    case PV_EVTCHNOP_BIND_VIRQ: return evtchn_bind_virq(ctx);
    case PV_EVTCHNOP_BIND_IPI: return evtchn_bind_ipi(ctx);
    case PV_EVTCHNOP_CLOSE: return evtchn_close(ctx);
    case PV_EVTCHNOP_SEND: return evtchn_send(ctx);
    case PV_EVTCHNOP_UNMASK: return evtchn_unmask(ctx);
    case PV_EVTCHNOP_BIND_VCPU: return evtchn_bind_vcpu(ctx);
    case PV_EVTCHNOP_STATUS: return evtchn_status(ctx);
    case PV_EVTCHNOP_RESET: return evtchn_reset(ctx);
    default: return -PV_ENOSYS;  // BIND_PIRQ and the FIFO layout among them
  }
}

}  // namespace pvisor
