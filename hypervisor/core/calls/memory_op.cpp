// SPDX-License-Identifier: MIT
// memory_op at level 0: a domain asks what memory it has, and gives some back. RAM is one range from 0 on; the special frames
// behind it are not part of any answer but the highest frame number.
#include <algorithm>

#include "base/assert.hpp"
#include "core/calls/domain_argument.hpp"
#include "core/calls/memory_calls.hpp"
#include "core/hypercall.hpp"
#include "pvabi/memory.h"
#include "pvabi/mmu.h"

namespace pvisor {
namespace {

HypercallResult memory_map(HypercallContext& ctx) {
  const GuestMemory& memory = ctx.domain.memory();
  auto map = memory.read_for_answer<pv_memory_map>(GuestVirt{ctx.args[1]});
  if (!map) return -PV_EFAULT;
  const std::uint64_t bytes = memory.ram_pages() << kPageShift;
  const pv_e820_entry ram{{0, 0}, {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(bytes >> 32)}, PV_E820_RAM};
  if (map->nr_entries > 0 && !memory.write(GuestVirt{map->buffer}, ram)) return -PV_EFAULT;
  map->nr_entries = std::min(map->nr_entries, 1U);  // as many as there is room for
  PV_CHECK(memory.write(GuestVirt{ctx.args[1]}, *map));
  return 0;
}

/// Pages of RAM: those that it may have, less `without`.
HypercallResult reservation(HypercallContext& ctx, std::uint64_t without) {
  const auto op = ctx.domain.memory().read<pv_memory_domain>(GuestVirt{ctx.args[1]});
  if (!op) return -PV_EFAULT;
  if (const auto error = check_own_domain(ctx, op->domid); error != 0) return error;
  return static_cast<std::int64_t>(ctx.domain.memory().ram_pages() - without);
}

/// At level 0 a frame's machine number is its number, so the table that tells one from the other is empty.
HypercallResult machphys_mapping(HypercallContext& ctx) {
  const GuestMemory& memory = ctx.domain.memory();
  const pv_machphys_mapping mapping{PV_MACH2PHYS_VIRT_START, PV_MACH2PHYS_VIRT_START, memory.total_pages() - 1};
  return memory.write(GuestVirt{ctx.args[1]}, mapping) ? 0 : -PV_EFAULT;
}

}  // namespace

HypercallResult hc_memory_op(HypercallContext& ctx) {
  const std::uint64_t command = ctx.args[0] & kMemoryCommandMask;
  const std::uint64_t first = ctx.args[0] >> kMemoryCommandBits;
  if (command == PV_XENMEM_DECREASE_RESERVATION) return memory_decrease_reservation(ctx, first);
  if (command == PV_XENMEM_POPULATE_PHYSMAP) return memory_populate_physmap(ctx, first);
  const bool asks_for_number = command >= PV_XENMEM_MAXIMUM_RAM_PAGE && command <= PV_XENMEM_MAXIMUM_RESERVATION;
  if (first != 0 && asks_for_number) return -PV_EINVAL;
  switch (ctx.args[0]) {
    case PV_XENMEM_MEMORY_MAP: return memory_map(ctx);
    case PV_XENMEM_CURRENT_RESERVATION: return reservation(ctx, ctx.domain.memory().views().released());
    case PV_XENMEM_MAXIMUM_RESERVATION: return reservation(ctx, 0);
    case PV_XENMEM_MAXIMUM_RAM_PAGE: return static_cast<std::int64_t>(ctx.domain.memory().total_pages());
    case PV_XENMEM_MACHPHYS_MAPPING: return machphys_mapping(ctx);
    default: return -PV_ENOSYS;
  }
}

}  // namespace pvisor
