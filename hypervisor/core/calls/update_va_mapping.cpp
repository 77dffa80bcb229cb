// SPDX-License-Identifier: MIT
// update_va_mapping(address, value, flags) at level 0, where everything is mapped from the start. What a kernel may still change:
// a special frame at an address of its choice, an address that shows nothing, and back to what was there.
#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "pvabi/errno.h"
#include "pvabi/mmu.h"

namespace pvisor {
namespace {

HypercallResult show_special(Domain& domain, GuestFrame here, GuestFrame special, FrameAccess access) {
  if (!domain.bring_back(here)) return -PV_ENOMEM;
  if (!domain.can_replace(here)) return -PV_EINVAL;
  FrameViews& views = domain.memory().views();
  const auto view = access == FrameAccess::ReadWrite ? FrameView::SpecialWritable : FrameView::SpecialReadOnly;
  if (!views.has_room(here.value(), 1, view)) return -PV_ENOMEM;
  if (!domain.image().space->show_special(here.value(), special.value(), access)) return -PV_ENOMEM;
  views.set(here, view);
  return 0;
}

HypercallResult show_nothing(Domain& domain, GuestFrame here) {
  FrameViews& views = domain.memory().views();
  if (views.of(here) == FrameView::Nothing || views.of(here) == FrameView::Released) return 0;
  if (!domain.bring_back(here)) return -PV_ENOMEM;
  if (!domain.can_replace(here)) return -PV_EINVAL;
  if (!views.has_room(here.value(), 1, FrameView::Nothing) || !domain.image().space->show_nothing(here.value())) return -PV_ENOMEM;
  views.set(here, FrameView::Nothing);
  return 0;
}

/// The frame that belongs at this address anyway: shown again, and only as it was.
HypercallResult show_own(Domain& domain, GuestFrame here, FrameAccess access) {
  if (!domain.memory().is_ram(here)) return 0;
  if (access != FrameAccess::ReadWrite) return -PV_EINVAL;
  if (!domain.bring_back(here)) return -PV_ENOMEM;
  return domain.memory().shows_own(here) ? 0 : -PV_EINVAL;
}

}  // namespace

HypercallResult hc_update_va_mapping(HypercallContext& ctx) {
  const std::uint64_t value = ctx.args[1];  // the flush that args[2] asks for has nothing to flush
  const GuestMemory& memory = ctx.domain.memory();
  const bool present = (value & PV_PTE_PRESENT) != 0;
  const auto access = (value & PV_PTE_WRITABLE) != 0 ? FrameAccess::ReadWrite : FrameAccess::ReadOnly;
  const GuestFrame frame{(value & PV_PTE_FRAME_MASK) >> kPageShift};
  const auto here = memory.frame_at(GuestVirt{ctx.args[0]});  // any byte of the page will do, as on Xen
  // Outside of its memory a guest has no tables to enter anything in, here as on Xen.
  if (!here) return -PV_EINVAL;
  if (present && *here == frame) return show_own(ctx.domain, *here, access);
  if (!memory.is_ram(*here)) return -PV_EINVAL;  // the monitor uses it where it is
  if (!present) return show_nothing(ctx.domain, *here);
  if (!memory.exists(frame) || memory.is_ram(frame)) return -PV_EINVAL;
  return show_special(ctx.domain, *here, frame, access);
}

}  // namespace pvisor
