// SPDX-License-Identifier: MIT
// memory_op at level 0: a domain asks what memory it has. RAM is one range from 0 on; the special frames behind it are not
// part of any answer but the highest frame number.
#include <algorithm>

#include "base/assert.hpp"
#include "core/calls/domain_argument.hpp"
#include "core/hypercall.hpp"
#include "pvabi/memory.h"

namespace pvisor {
namespace {

HypercallResult memory_map(HypercallContext& ctx) {
  const GuestMemory& memory = ctx.domain.memory();
  auto map = memory.read<pv_memory_map>(GuestVirt{ctx.args[1]});
  if (!map) return -PV_EFAULT;
  const std::uint64_t bytes = memory.ram_pages() << kPageShift;
  const pv_e820_entry ram{{0, 0}, {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(bytes >> 32)}, PV_E820_RAM};
  if (map->nr_entries > 0 && !memory.write(GuestVirt{map->buffer}, ram)) return -PV_EFAULT;
  map->nr_entries = std::min(map->nr_entries, 1U);  // as many as there is room for
  PV_CHECK(memory.write(GuestVirt{ctx.args[1]}, *map));
  return 0;
}

/// Current and maximum are the same: memory is given at the start and never taken back.
HypercallResult reservation(HypercallContext& ctx) {
  const auto op = ctx.domain.memory().read<pv_memory_domain>(GuestVirt{ctx.args[1]});
  if (!op) return -PV_EFAULT;
  if (const auto error = check_own_domain(ctx, op->domid); error != 0) return error;
  return static_cast<std::int64_t>(ctx.domain.memory().ram_pages());
}

}  // namespace

HypercallResult hc_memory_op(HypercallContext& ctx) {
  switch (static_cast<std::uint32_t>(ctx.args[0])) {
    case PV_XENMEM_MEMORY_MAP: return memory_map(ctx);
    case PV_XENMEM_CURRENT_RESERVATION: return reservation(ctx);
    case PV_XENMEM_MAXIMUM_RESERVATION: return reservation(ctx);
    case PV_XENMEM_MAXIMUM_RAM_PAGE: return static_cast<std::int64_t>(ctx.domain.memory().total_pages());
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor
