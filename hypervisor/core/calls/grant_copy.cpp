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

/// One end as the guest names it: by a grant, or by a frame of the caller's own.
struct Name {
  const pv_gnttab_copy_ptr& pointer;
  bool by_ref;
  FrameAccess access;
};

/// Whose grant it is; of an end without one only whether there is such a domain.
std::int16_t find_owner(HypercallContext& ctx, const Name& name, Domain*& owner) {
  const std::uint16_t domid = name.pointer.domid;
  if (!name.by_ref) return check_own_domain(ctx, domid) == -PV_ESRCH ? PV_GNTST_BAD_DOMAIN : PV_GNTST_OKAY;
  owner = ctx.monitor.find(resolve_domain(ctx, domid));
  return owner != nullptr && owner->is_installed() ? PV_GNTST_OKAY : PV_GNTST_BAD_DOMAIN;
}

std::int16_t hold(HypercallContext& ctx, const Name& name, Domain* owner, End& end) {
  std::int16_t status = PV_GNTST_OKAY;
  if (name.by_ref) {
    end.use = owner->grants().use(GrantRef{name.pointer.u.ref}, ctx.domain.id(), name.access, status);
    return status;
  }
  if (name.pointer.domid != PV_DOMID_SELF) return PV_GNTST_PERMISSION_DENIED;  // not even by the caller's own number
  end.own = GuestFrame{name.pointer.u.gmfn};
  return ctx.domain.memory().shows_own(end.own) ? PV_GNTST_OKAY : PV_GNTST_BAD_PAGE;
}

/// In the order in which Xen looks: whose, which, how much.
std::int16_t copy(HypercallContext& ctx, const pv_gnttab_copy& op) {
  const Name from{op.source, (op.flags & PV_GNTCOPY_SOURCE_GREF) != 0, FrameAccess::ReadOnly};
  const Name to{op.dest, (op.flags & PV_GNTCOPY_DEST_GREF) != 0, FrameAccess::ReadWrite};
  Domain* from_owner = nullptr;
  Domain* to_owner = nullptr;
  std::int16_t status = find_owner(ctx, from, from_owner);
  if (status == PV_GNTST_OKAY) status = find_owner(ctx, to, to_owner);
  if (status != PV_GNTST_OKAY) return status;
  End source;
  End dest;
  status = hold(ctx, from, from_owner, source);
  if (status == PV_GNTST_OKAY) status = hold(ctx, to, to_owner, dest);
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
