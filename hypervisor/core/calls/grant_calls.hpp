// SPDX-License-Identifier: MIT
// What the files of grant_table_op share: the walk over an array of structs, and the commands that work on one element.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "pvabi/errno.h"
#include "pvabi/grant_table.h"
#include "pvabi/hypercalls.h"

namespace pvisor {

/// A longer array is worked off in pieces of this length, others first in between.
inline constexpr std::uint32_t kGrantOpsAtOnce = 32;

/// The count argument is 32 bits wide; what a caller left in the upper half of the register means nothing.
[[nodiscard]] inline std::uint32_t grant_count(const HypercallContext& ctx) {
  return static_cast<std::uint32_t>(ctx.args[2]);
}

/// Copies each element in once, lets `act` work and set its results, and copies it back. -PV_EFAULT, with the elements before
/// it done, at the first one that is not in the guest's memory; as on Xen.
template <class Op, class F>
[[nodiscard]] HypercallResult each_grant_op(HypercallContext& ctx, F act) {
  const GuestVirt array{ctx.args[1]};
  const std::uint32_t count = grant_count(ctx);
  const std::uint32_t now = std::min(count, kGrantOpsAtOnce);
  for (std::uint32_t i = 0; i < now; ++i) {
    const GuestVirt element{array.value() + i * sizeof(Op)};
    auto op = ctx.domain.memory().read_for_answer<Op>(element);
    if (!op) return -PV_EFAULT;
    act(ctx, *op);
    // A mapping may have come where its own struct lies; then there is nowhere to tell.
    if (!ctx.domain.memory().write(element, *op)) return -PV_EFAULT;
  }
  if (now == count) return 0;
  ctx.vcpu.unfinished = HypercallExit{PV_HC_GRANT_TABLE_OP, {ctx.args[0], array.value() + now * sizeof(Op), count - now}};
  return {HypercallResult::Kind::Again, 0};
}

void gnttab_map_grant_ref(HypercallContext& ctx, pv_gnttab_map_grant_ref& op);
void gnttab_unmap_grant_ref(HypercallContext& ctx, pv_gnttab_unmap_grant_ref& op);
void gnttab_copy(HypercallContext& ctx, pv_gnttab_copy& op);

}  // namespace pvisor
