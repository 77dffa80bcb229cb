// SPDX-License-Identifier: MIT
// update_va_mapping(address, value, flags) at level 0. Everything is mapped already, each special frame at its own fixed
// address, so the call only confirms: a special frame where it is anyway, or "not present", which is promised nowhere to
// fault. Any other wish would need the guest's own page tables.
#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "pvabi/errno.h"
#include "pvabi/mmu.h"

namespace pvisor {
namespace {

bool in_window(const EngineTraits& traits, std::uint64_t address) {
  return address >= traits.window_low && address < traits.window_high;
}

}  // namespace

HypercallResult hc_update_va_mapping(HypercallContext& ctx) {
  const std::uint64_t address = ctx.args[0];
  const std::uint64_t value = ctx.args[1];  // the flush that args[2] asks for has nothing to flush
  if (address % kPageSize != 0 || !in_window(ctx.domain.engine().traits(), address)) return -PV_EINVAL;
  if ((value & PV_PTE_PRESENT) == 0) return 0;
  const GuestMemory& memory = ctx.domain.memory();
  const GuestFrame frame{(value & PV_PTE_FRAME_MASK) >> kPageShift};
  const bool special = memory.exists(frame) && !memory.is_ram(frame);
  const bool in_place = special && memory.frame_at(GuestVirt{address}) == frame;
  return in_place ? 0 : -PV_EINVAL;
}

}  // namespace pvisor
