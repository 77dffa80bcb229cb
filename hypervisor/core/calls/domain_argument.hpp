// SPDX-License-Identifier: MIT
// What a domid in a call's argument says. Guests have no privilege over each other: where a call takes "whose", only the
// caller itself will do.
#pragma once

#include <cstdint>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"
#include "pvabi/domid.h"
#include "pvabi/errno.h"

namespace pvisor {

/// Replaces PV_DOMID_SELF by the caller's number.
[[nodiscard]] inline DomainId resolve_domain(const HypercallContext& ctx, std::uint16_t domid) {
  return domid == PV_DOMID_SELF ? ctx.domain.id() : DomainId{domid};
}

/// 0 if `domid` means the caller, -PV_EPERM if it is somebody else, -PV_ESRCH if it is nobody.
[[nodiscard]] inline std::int64_t check_own_domain(const HypercallContext& ctx, std::uint16_t domid) {
  const DomainId id = resolve_domain(ctx, domid);
  if (id == ctx.domain.id()) return 0;
  const bool exists = id == kMonitorDomain || ctx.monitor.find(id) != nullptr;
  return exists ? -PV_EPERM : -PV_ESRCH;
}

}  // namespace pvisor
