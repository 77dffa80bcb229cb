// SPDX-License-Identifier: MIT
// Two domains and one grant between them, for tests of grant_table_op.
#pragma once

#include <doctest/doctest.h>

#include <array>

#include "pvabi/domid.h"
#include "pvabi/grant_table.h"
#include "pvabi/hypercalls.h"
#include "support/fake_engine_world.hpp"

namespace pvisor {

inline constexpr std::uint32_t kRef = 9;
inline constexpr GuestFrame kGranted{5};
inline constexpr GuestFrame kTarget{6};

/// Domain `owner` grants its frame 5 to `user` under reference 9.
struct Calls : FakeWorld {
  Domain& owner = add_domain();
  Domain& user = add_domain();
  Calls() { grant(owner, kRef, kGranted, PV_GTF_PERMIT_ACCESS, user.id()); }

  static void grant(const Domain& by, std::uint32_t ref, GuestFrame frame, std::uint32_t flags, DomainId to) {
    const pv_grant_entry_v1 entry{static_cast<std::uint16_t>(flags), to.value(), static_cast<std::uint32_t>(frame.value())};
    REQUIRE(by.memory().copy_out(by.image().grant_frames, ref * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  }
  static std::uint32_t flags(const Domain& by, std::uint32_t ref) {
    return get<pv_grant_entry_v1>(by, address(by, by.image().grant_frames, ref * sizeof(pv_grant_entry_v1))).flags;
  }
  template <class Op>
  std::int64_t gnttab(Domain& domain, std::uint32_t cmd, Op& op) {
    const std::uint64_t at = put(domain, op);
    const std::int64_t result = call(domain, PV_HC_GRANT_TABLE_OP, {cmd, at, 1});
    op = get<Op>(domain, at);
    return result;
  }
  [[nodiscard]] pv_gnttab_map_grant_ref map_request(std::uint32_t map_flags = PV_GNTMAP_HOST_MAP) const {
    return {address(user, kTarget), map_flags, kRef, owner.id().value(), 99, 77, 0};
  }
  std::int16_t try_map(pv_gnttab_map_grant_ref op) {
    CHECK(gnttab(user, PV_GNTTABOP_MAP_GRANT_REF, op) == 0);
    return op.status;
  }
  std::int16_t try_unmap(std::uint64_t host_addr, std::uint32_t handle, Domain& by) {
    pv_gnttab_unmap_grant_ref op{host_addr, 0, handle, 99};
    CHECK(gnttab(by, PV_GNTTABOP_UNMAP_GRANT_REF, op) == 0);
    return op.status;
  }
  std::int16_t try_copy(pv_gnttab_copy op) {
    CHECK(gnttab(user, PV_GNTTABOP_COPY, op) == 0);
    return op.status;
  }
  static void fill(const Domain& domain, GuestFrame frame, std::uint8_t value) {
    std::array<std::byte, kPageSize> page;
    page.fill(std::byte{value});
    REQUIRE(domain.memory().copy_out(frame, 0, page));
  }
  static int byte_at(const Domain& domain, GuestFrame frame, std::uint64_t offset) {
    return get<std::uint8_t>(domain, address(domain, frame, offset));
  }
  /// A copy of 16 bytes from the grant to the user's frame 6.
  [[nodiscard]] pv_gnttab_copy copy_request() const {
    pv_gnttab_copy op{};
    op.source.u.ref = kRef;
    op.source.domid = owner.id().value();
    op.dest.u.gmfn = kTarget.value();
    op.dest.domid = PV_DOMID_SELF;
    op.len = 16;
    op.flags = PV_GNTCOPY_SOURCE_GREF;
    op.status = 99;
    return op;
  }
};

}  // namespace pvisor
