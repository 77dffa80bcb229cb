// SPDX-License-Identifier: MIT
// Mapping another domain's granted frame in place of one of the caller's own RAM pages, and ending that.
#include "core/calls/grant_calls.hpp"
#include "core/monitor.hpp"

namespace pvisor {
namespace {

/// Kernel mappings by virtual address, and nothing else; the bits that a guest keeps for itself are ignored.
constexpr std::uint32_t kUnsupportedFlags = ~(PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY | PV_GNTMAP_GUEST_AVAIL_MASK);

/// The caller's frame that shall show the granted one: where any byte of it lies. Fails unless something may be put in its place.
std::int16_t find_target(Domain& domain, std::uint64_t host_addr, GuestFrame& at) {
  const auto frame = domain.memory().frame_at(GuestVirt{host_addr});
  if (!frame) return PV_GNTST_GENERAL_ERROR;
  at = *frame;
  return domain.can_replace(at) || domain.is_taken_away(at) ? PV_GNTST_OKAY : PV_GNTST_BAD_VIRT_ADDR;
}

std::int16_t map(HypercallContext& ctx, pv_gnttab_map_grant_ref& op) {
  if ((op.flags & (PV_GNTMAP_HOST_MAP | PV_GNTMAP_DEVICE_MAP)) == 0) return PV_GNTST_BAD_GNTREF;
  if ((op.flags & kUnsupportedFlags) != 0) return PV_GNTST_GENERAL_ERROR;
  Domain* owner = ctx.monitor.find(DomainId{op.dom});
  if (owner == nullptr || !owner->is_installed()) return PV_GNTST_BAD_DOMAIN;
  // An engine can only show memory of its own kind.
  if (&owner->engine() != &ctx.domain.engine()) return PV_GNTST_GENERAL_ERROR;
  GrantMappings& mappings = ctx.domain.mappings();
  if (mappings.is_full()) return PV_GNTST_NO_DEVICE_SPACE;

  const bool readonly = (op.flags & PV_GNTMAP_READONLY) != 0;
  const FrameAccess access = readonly ? FrameAccess::ReadOnly : FrameAccess::ReadWrite;
  std::int16_t status = PV_GNTST_OKAY;
  auto use = owner->grants().use(GrantRef{op.ref}, ctx.domain.id(), access, status);
  if (!use) return status;
  // After the grant, as Xen does; so a page whose own grant this is is in use by now, and cannot stand in for itself.
  GuestFrame at;
  status = find_target(ctx.domain, op.host_addr, at);
  if (status != PV_GNTST_OKAY) return status;
  const GuestFrame granted = use->frame();
  if (!ctx.domain.bring_back(at)) return PV_GNTST_NO_SPACE;
  if (!ctx.domain.image().space->map_foreign(at.value(), *owner->image().space, granted.value(), access)) {
    return PV_GNTST_NO_SPACE;
  }
  ctx.domain.memory().views().set(at, readonly ? FrameView::ForeignReadOnly : FrameView::ForeignWritable);
  const auto handle = mappings.add({std::move(*use), at, op.host_addr});
  PV_CHECK(handle.has_value());
  op.handle = handle->value();
  op.dev_bus_addr = at.value() << kPageShift;  // the number under which the caller now finds the frame
  return PV_GNTST_OKAY;
}

std::int16_t unmap(HypercallContext& ctx, const pv_gnttab_unmap_grant_ref& op) {
  const GrantHandle handle{op.handle};
  const GrantMappings::Mapping* mapping = ctx.domain.mappings().find(handle);
  if (mapping == nullptr) return PV_GNTST_BAD_HANDLE;
  if (mapping->host_addr / kPageSize != op.host_addr / kPageSize) return PV_GNTST_GENERAL_ERROR;
  ctx.domain.unmap_grant(handle);
  return PV_GNTST_OKAY;
}

}  // namespace

void gnttab_map_grant_ref(HypercallContext& ctx, pv_gnttab_map_grant_ref& op) {
  op.status = map(ctx, op);
}

void gnttab_unmap_grant_ref(HypercallContext& ctx, pv_gnttab_unmap_grant_ref& op) {
  op.status = unmap(ctx, op);
}

}  // namespace pvisor
