// SPDX-License-Identifier: MIT
// decrease_reservation and populate_physmap: a domain gives frames back to the host and takes them again. Both work off a list of
// extents of 2^order frames, in pieces, and answer how many they did; a bad argument is no error but 0, as on Xen.
#include <algorithm>
#include <optional>

#include "core/calls/domain_argument.hpp"
#include "core/calls/memory_calls.hpp"
#include "pvabi/hypercalls.h"
#include "pvabi/memory.h"

namespace pvisor {
namespace {

/// One piece ends when this many extents, or frames in them, are done.
constexpr std::uint64_t kExtentsAtOnce = 64;
constexpr std::uint64_t kFramesAtOnce = 1024;
/// Largest extent of a domain without devices of its own, as on Xen: 2 MiB.
constexpr std::uint32_t kMaxOrder = 9;

/// The number of extents must leave room for the command beside it, as on Xen.
constexpr std::uint64_t kMaxExtents = 0xffff'ffffU >> kMemoryCommandBits;

struct Reservation {
  GuestVirt extents;
  std::uint64_t count;
  std::uint64_t frames_each;
  std::uint64_t frame_limit;  ///< frames must lie below

  [[nodiscard]] bool fits(std::uint64_t frame) const { return frame < frame_limit && frames_each <= frame_limit - frame; }
};

/// Everything about the call but the extents themselves. Nothing: the call does nothing.
std::optional<Reservation> decode(HypercallContext& ctx, std::uint64_t first, std::uint32_t refused_flags) {
  const GuestMemory& memory = ctx.domain.memory();
  const auto op = memory.read<pv_memory_reservation>(GuestVirt{ctx.args[1]});
  if (!op || op->nr_extents > kMaxExtents || first >= op->nr_extents || op->extent_order > kMaxOrder) return std::nullopt;
  if (check_own_domain(ctx, op->domid) != 0 || (op->mem_flags & refused_flags) != 0) return std::nullopt;
  std::uint64_t limit = memory.ram_pages();
  if (const std::uint32_t bits = op->mem_flags & PV_XENMEMF_ADDRESS_BITS_MASK; bits != 0) {
    if (bits <= kPageShift) return std::nullopt;
    if (bits < 64) limit = std::min(limit, (std::uint64_t{1} << bits) >> kPageShift);
  }
  const bool names_node = (op->mem_flags & PV_XENMEMF_NODE_MASK) != 0;
  if (names_node && (op->mem_flags & PV_XENMEMF_EXACT_NODE_REQUEST) != 0) return std::nullopt;
  return Reservation{GuestVirt{op->extent_start}, op->nr_extents, std::uint64_t{1} << op->extent_order, limit};
}

/// Gives each extent's first frame to `act` until that says no, the list ends, or a piece is done.
template <class F>
HypercallResult each_extent(HypercallContext& ctx, std::uint64_t command, std::uint64_t first, const Reservation& wanted, F act) {
  std::uint64_t done = first;
  while (done < wanted.count) {
    const std::uint64_t served = done - first;
    if (served >= kExtentsAtOnce || served * wanted.frames_each >= kFramesAtOnce) {
      ctx.vcpu.unfinished = HypercallExit{PV_HC_MEMORY_OP, {command | done << kMemoryCommandBits, ctx.args[1]}};
      return {HypercallResult::Kind::Again, 0};
    }
    const auto frame = ctx.domain.memory().read<std::uint64_t>(GuestVirt{wanted.extents.value() + done * sizeof(std::uint64_t)});
    if (!frame || !wanted.fits(*frame) || !act(*frame)) break;
    ++done;
  }
  return static_cast<std::int64_t>(done);
}

/// Something else may have been shown in a frame's place, or nothing: kernels unmap a page before they give it back.
bool can_go(Domain& domain, GuestFrame frame) {
  return domain.is_taken_away(frame) || domain.can_replace(frame);
}

void set_views(const GuestMemory& memory, std::uint64_t frame, std::uint64_t count, FrameView view) {
  for (std::uint64_t at = frame; at < frame + count; ++at) memory.views().set(GuestFrame{at}, view);
}

}  // namespace

HypercallResult memory_decrease_reservation(HypercallContext& ctx, std::uint64_t first) {
  auto wanted = decode(ctx, first, 0);
  if (!wanted) return static_cast<std::int64_t>(first);
  wanted->frame_limit = ctx.domain.memory().ram_pages();  // limits where frames may come from, not which may go
  const GuestMemory& memory = ctx.domain.memory();
  return each_extent(ctx, PV_XENMEM_DECREASE_RESERVATION, first, *wanted, [&](std::uint64_t frame) {
    for (std::uint64_t at = frame; at < frame + wanted->frames_each; ++at) {
      if (!can_go(ctx.domain, GuestFrame{at})) return false;
    }
    for (std::uint64_t at = frame; at < frame + wanted->frames_each; ++at) {
      if (!ctx.domain.bring_back(GuestFrame{at})) return false;
    }
    if (!memory.views().has_room(frame, wanted->frames_each, FrameView::Released)) return false;
    if (!ctx.domain.image().space->release(frame, wanted->frames_each)) return false;
    set_views(memory, frame, wanted->frames_each, FrameView::Released);
    return true;
  });
}

HypercallResult memory_populate_physmap(HypercallContext& ctx, std::uint64_t first) {
  const auto wanted = decode(ctx, first, PV_XENMEMF_POPULATE_ON_DEMAND);
  if (!wanted) return static_cast<std::int64_t>(first);
  const GuestMemory& memory = ctx.domain.memory();
  return each_extent(ctx, PV_XENMEM_POPULATE_PHYSMAP, first, *wanted, [&](std::uint64_t frame) {
    for (std::uint64_t at = frame; at < frame + wanted->frames_each; ++at) {
      if (memory.views().of(GuestFrame{at}) != FrameView::Released) return false;
    }
    if (!memory.views().has_room(frame, wanted->frames_each, FrameView::Own)) return false;
    if (!ctx.domain.image().space->populate(frame, wanted->frames_each)) return false;
    set_views(memory, frame, wanted->frames_each, FrameView::Own);
    return true;
  });
}

}  // namespace pvisor
