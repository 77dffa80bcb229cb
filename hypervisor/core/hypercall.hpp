// SPDX-License-Identifier: MIT
// The hypercall table: number -> handler, filled explicitly (core/hypercall_table.cpp lists how to add one). A handler
// decodes and checks first, changing nothing, then acts and cannot fail half-way.
#pragma once

#include <array>
#include <cstdint>

#include <pvabi/errno.h>

#include "core/vcpu.hpp"
#include "engine/exit.hpp"

namespace pvisor {

class Domain;
class Monitor;

struct HypercallContext {
  Monitor& monitor;
  Domain& domain;
  Vcpu& vcpu;
  const std::array<std::uint64_t, 5>& args;
};

struct HypercallResult {
  enum class Kind : std::uint8_t {
    Done,     ///< answer `value` and go on
    Yield,    ///< answer `value`, others first
    Again,    ///< others first, then its next piece, as Vcpu::unfinished says; the guest sees nothing of this
    Blocked,  ///< answered when the vCPU wakes; the handler has marked it blocked
    Gone,     ///< the vCPU that called does not exist any more or never runs again
  };
  Kind kind = Kind::Done;
  std::int64_t value = 0;

  // NOLINTNEXTLINE(google-explicit-constructor): `return -PV_EINVAL;` is how every handler reads
  HypercallResult(std::int64_t result) : value(result) {}
  HypercallResult(Kind result_kind, std::int64_t result) : kind(result_kind), value(result) {}
};

using HypercallHandler = HypercallResult (*)(HypercallContext&);

/// Who answers a number.
enum class ServedBy : std::uint8_t { Nobody, Shim, Monitor };
inline constexpr std::uint64_t kHypercallNumbers = 128;

/// The handler of each number; those that it does not serve have one that answers -PV_ENOSYS, or -PV_EPERM
/// where Xen wants a privilege that no guest has here.
extern const std::array<HypercallHandler, kHypercallNumbers> kHypercallHandlers;

[[nodiscard]] ServedBy served_by(std::uint64_t number);
/// Runs the handler of `call.number`; -PV_ENOSYS where there is none.
[[nodiscard]] inline HypercallResult dispatch_hypercall(Monitor& monitor, Vcpu& vcpu, const HypercallExit& call) {
  if (call.number >= kHypercallNumbers) return -PV_ENOSYS;
  HypercallContext context{monitor, vcpu.domain, vcpu, call.args};
  return kHypercallHandlers[call.number](context);
}

// One per number, in core/calls/.
HypercallResult hc_event_channel_op(HypercallContext& ctx);
HypercallResult hc_grant_table_op(HypercallContext& ctx);
HypercallResult hc_sched_op(HypercallContext& ctx);
HypercallResult hc_set_timer_op(HypercallContext& ctx);
HypercallResult hc_memory_op(HypercallContext& ctx);
HypercallResult hc_console_io(HypercallContext& ctx);
HypercallResult hc_vcpu_op(HypercallContext& ctx);
HypercallResult hc_update_va_mapping(HypercallContext& ctx);
HypercallResult hc_chainload(HypercallContext& ctx);
HypercallResult hc_nop(HypercallContext& ctx);
HypercallResult hc_exit_status(HypercallContext& ctx);

}  // namespace pvisor
