// SPDX-License-Identifier: MIT
// What the files of grant_table_op share: the walk over an array of structs, and the commands that work on one element.
#pragma once

#include <cstdint>

#include "base/assert.hpp"
#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "pvabi/errno.h"
#include "pvabi/grant_table.h"

namespace pvisor {

/// Longest array of one call: keeps a call's work bounded. Batches of stock front ends are below 300.
inline constexpr std::uint32_t kMaxGrantOps = 512;

/// The count argument is 32 bits wide; what a caller left in the upper half of the register means nothing.
[[nodiscard]] inline std::uint32_t grant_count(const HypercallContext& ctx) {
  return static_cast<std::uint32_t>(ctx.args[2]);
}

/// Copies each element in once, lets `act` work and set its results, and copies it back. The array is checked as a whole
/// before the first element is touched: -PV_EFAULT means that nothing was done.
template <class Op, class F>
[[nodiscard]] HypercallResult each_grant_op(HypercallContext& ctx, F act) {
  const GuestVirt array{ctx.args[1]};
  const std::uint32_t count = grant_count(ctx);
  if (count > kMaxGrantOps) return -PV_EINVAL;
  if (!ctx.domain.memory().contains(array, std::uint64_t{count} * sizeof(Op))) return -PV_EFAULT;
  for (std::uint32_t i = 0; i < count; ++i) {
    const GuestVirt element{array.value() + i * sizeof(Op)};
    auto op = ctx.domain.memory().read<Op>(element);
    PV_CHECK(op.has_value());
    act(ctx, *op);
    PV_CHECK(ctx.domain.memory().write(element, *op));
  }
  return 0;
}

void gnttab_map_grant_ref(HypercallContext& ctx, pv_gnttab_map_grant_ref& op);
void gnttab_unmap_grant_ref(HypercallContext& ctx, pv_gnttab_unmap_grant_ref& op);
void gnttab_copy(HypercallContext& ctx, pv_gnttab_copy& op);

}  // namespace pvisor
