// SPDX-License-Identifier: MIT
// Copying bytes between two pages, each either granted by some domain or the caller's own. Both ends are found and held
// before the first byte moves; the bytes go through a buffer, so the ends may overlap.
#include <array>

#include "base/checked.hpp"
#include "core/calls/domain_argument.hpp"
#include "core/calls/grant_calls.hpp"

namespace pvisor {
namespace {

/// One end of a copy: a held grant, or a frame of the caller.
struct End {
  std::optional<GrantUse> use;
  GuestFrame own;

  [[nodiscard]] bool copy_in(const Domain& caller, std::uint32_t offset, std::span<std::byte> out) const {
    return use ? use->copy_in(offset, out) : caller.memory().copy_in(own, offset, out);
  }
  [[nodiscard]] bool copy_out(const Domain& caller, std::uint32_t offset, std::span<const std::byte> in) const {
    return use ? use->copy_out(offset, in) : caller.memory().copy_out(own, offset, in);
  }
};

std::int16_t find_end(HypercallContext& ctx, const pv_gnttab_copy_ptr& pointer, bool by_ref, FrameAccess access, End& end) {
  if (!by_ref) {
    if (pointer.domid != PV_DOMID_SELF) {  // not even by the caller's own number
      return check_own_domain(ctx, pointer.domid) == -PV_ESRCH ? PV_GNTST_BAD_DOMAIN : PV_GNTST_PERMISSION_DENIED;
    }
    end.own = GuestFrame{pointer.u.gmfn};
    return ctx.domain.memory().shows_own(end.own) ? PV_GNTST_OKAY : PV_GNTST_BAD_PAGE;
  }
  Domain* owner = ctx.monitor.find(resolve_domain(ctx, pointer.domid));
  if (owner == nullptr || !owner->is_installed()) return PV_GNTST_BAD_DOMAIN;
  std::int16_t status = PV_GNTST_OKAY;
  end.use = owner->grants().use(GrantRef{pointer.u.ref}, ctx.domain.id(), access, status);
  return status;
}

std::int16_t copy(HypercallContext& ctx, const pv_gnttab_copy& op) {
  End source;
  End dest;
  const bool source_by_ref = (op.flags & PV_GNTCOPY_SOURCE_GREF) != 0;
  const bool dest_by_ref = (op.flags & PV_GNTCOPY_DEST_GREF) != 0;
  std::int16_t status = find_end(ctx, op.source, source_by_ref, FrameAccess::ReadOnly, source);
  if (status == PV_GNTST_OKAY) status = find_end(ctx, op.dest, dest_by_ref, FrameAccess::ReadWrite, dest);
  if (status != PV_GNTST_OKAY) return status;
  if (!range_inside<std::uint64_t>(op.source.offset, op.len, kPageSize)) return PV_GNTST_BAD_COPY_ARG;
  if (!range_inside<std::uint64_t>(op.dest.offset, op.len, kPageSize)) return PV_GNTST_BAD_COPY_ARG;

  std::array<std::byte, kPageSize> buffer;
  const auto bytes = std::span(buffer).first(op.len);
  PV_CHECK(source.copy_in(ctx.domain, op.source.offset, bytes));
  PV_CHECK(dest.copy_out(ctx.domain, op.dest.offset, bytes));
  return PV_GNTST_OKAY;
}

}  // namespace

void gnttab_copy(HypercallContext& ctx, pv_gnttab_copy& op) {
  op.status = copy(ctx, op);
}

}  // namespace pvisor
