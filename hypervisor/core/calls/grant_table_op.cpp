// SPDX-License-Identifier: MIT
// grant_table_op(cmd, array, count): the dispatcher, and the commands about the table as a whole. Mapping and copying are
// in grant_map.cpp and grant_copy.cpp.
#include <vector>

#include "base/assert.hpp"
#include "core/calls/domain_argument.hpp"
#include "core/calls/grant_calls.hpp"

namespace pvisor {
namespace {

/// Like check_own_domain(), in the words of a grant status.
std::int16_t own_domain_status(const HypercallContext& ctx, std::uint16_t domid) {
  const auto error = check_own_domain(ctx, domid);
  if (error == 0) return PV_GNTST_OKAY;
  return error == -PV_EPERM ? PV_GNTST_PERMISSION_DENIED : PV_GNTST_BAD_DOMAIN;
}

std::int16_t setup_table(HypercallContext& ctx, const pv_gnttab_setup_table& op) {
  if (const auto status = own_domain_status(ctx, op.dom); status != PV_GNTST_OKAY) return status;
  if (op.nr_frames > GrantTable::kMaxFrames) return PV_GNTST_GENERAL_ERROR;
  std::vector<std::uint64_t> list;
  GrantTable& grants = ctx.domain.grants();
  for (std::uint32_t i = 0; i < op.nr_frames; ++i) list.push_back(grants.frame(i).value());
  if (!ctx.domain.memory().copy_out(GuestVirt{op.frame_list}, std::as_bytes(std::span(list)))) return PV_GNTST_BAD_VIRT_ADDR;
  return grants.setup(op.nr_frames);
}

HypercallResult gnttab_setup_table(HypercallContext& ctx) {
  if (grant_count(ctx) != 1) return -PV_EINVAL;
  return each_grant_op<pv_gnttab_setup_table>(
      ctx, [](HypercallContext& context, pv_gnttab_setup_table& op) { op.status = setup_table(context, op); });
}

HypercallResult gnttab_query_size(HypercallContext& ctx) {
  if (grant_count(ctx) != 1) return -PV_EINVAL;
  return each_grant_op<pv_gnttab_query_size>(ctx, [](HypercallContext& context, pv_gnttab_query_size& op) {
    op.status = own_domain_status(context, op.dom);
    if (op.status != PV_GNTST_OKAY) return;
    op.nr_frames = context.domain.grants().frames();
    op.max_nr_frames = GrantTable::kMaxFrames;
  });
}

/// Version 1 is in force and stays; asking for it is no error.
HypercallResult gnttab_set_version(HypercallContext& ctx) {
  const auto op = ctx.domain.memory().read<pv_gnttab_set_version>(GuestVirt{ctx.args[1]});
  if (!op) return -PV_EFAULT;
  if (op->version == 2) return -PV_ENOSYS;
  return op->version == 1 ? 0 : -PV_EINVAL;
}

HypercallResult gnttab_get_version(HypercallContext& ctx) {
  auto op = ctx.domain.memory().read_for_answer<pv_gnttab_get_version>(GuestVirt{ctx.args[1]});
  if (!op) return -PV_EFAULT;
  if (const auto error = check_own_domain(ctx, op->dom); error != 0) return error;
  op->version = 1;
  PV_CHECK(ctx.domain.memory().write(GuestVirt{ctx.args[1]}, *op));
  return 0;
}

}  // namespace

HypercallResult hc_grant_table_op(HypercallContext& ctx) {
  constexpr std::uint32_t kCommandMask = 0xfff;  // as on Xen, which keeps what is above for itself
  const auto command = static_cast<std::uint32_t>(ctx.args[0]);
  if (static_cast<std::int32_t>(grant_count(ctx)) < 0 || (command & ~kCommandMask) != 0) return -PV_EINVAL;
  switch (command) {
    case PV_GNTTABOP_MAP_GRANT_REF: return each_grant_op<pv_gnttab_map_grant_ref>(ctx, gnttab_map_grant_ref);
    case PV_GNTTABOP_UNMAP_GRANT_REF: return each_grant_op<pv_gnttab_unmap_grant_ref>(ctx, gnttab_unmap_grant_ref);
    case PV_GNTTABOP_COPY: return each_grant_op<pv_gnttab_copy>(ctx, gnttab_copy);
    case PV_GNTTABOP_SETUP_TABLE: return gnttab_setup_table(ctx);
    case PV_GNTTABOP_QUERY_SIZE: return gnttab_query_size(ctx);
    case PV_GNTTABOP_SET_VERSION: return gnttab_set_version(ctx);
    case PV_GNTTABOP_GET_VERSION: return gnttab_get_version(ctx);
    default: return -PV_ENOSYS;  // transfer, version 2's commands, and those that only debug
  }
}

}  // namespace pvisor
