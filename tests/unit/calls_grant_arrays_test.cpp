// SPDX-License-Identifier: MIT
// grant_table_op's arrays: each struct with its own status, any count, and what lies in the array's way.
#include "calls_grant_world.hpp"

#include <array>

#include "core/calls/grant_calls.hpp"
#include "pvabi/event_channel.h"

using namespace pvisor;

TEST_CASE("A batch works through all its elements, each with its own status") {
  Calls world;
  std::array<pv_gnttab_map_grant_ref, 3> batch;
  batch.fill(world.map_request());
  batch[1].ref = 0xffff'ffff;
  batch[1].host_addr += 2 * kPageSize;
  batch[2].host_addr += kPageSize;
  const std::uint64_t at = world.put(world.user, batch);
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 3}) == 0);
  batch = FakeWorld::get<decltype(batch)>(world.user, at);
  CHECK(batch[0].status == PV_GNTST_OKAY);
  CHECK(batch[1].status == PV_GNTST_BAD_GNTREF);
  CHECK(batch[2].status == PV_GNTST_OKAY);
  CHECK(batch[0].handle != batch[2].handle);
  CHECK(world.owner.grants().uses() == 2);

  for (const std::uint64_t cmd : std::initializer_list<std::uint64_t>{PV_GNTTABOP_MAP_GRANT_REF, PV_GNTTABOP_UNMAP_GRANT_REF, PV_GNTTABOP_COPY}) {
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, 0, 0}) == 0);
    for (const std::uint64_t count : {std::uint64_t{0x8000'0000}, ~std::uint64_t{0}}) {
      CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, at, count}) == -PV_EINVAL);
    }
  }
}

TEST_CASE("A long array is worked off in pieces, each element once") {
  Calls world;
  constexpr std::uint32_t kElements = 4 * kGrantOpsAtOnce + 1;
  const std::uint64_t at = FakeWorld::address(world.user, GuestFrame{5});
  const auto element = [at](std::uint64_t i) { return GuestVirt{at + i * sizeof(pv_gnttab_unmap_grant_ref)}; };
  for (std::uint32_t i = 0; i <= kElements; ++i) REQUIRE(world.user.memory().write(element(i), pv_gnttab_unmap_grant_ref{0, 0, i, 99}));
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_UNMAP_GRANT_REF, at, kElements}) == 0);
  CHECK(world.pieces == 5);
  for (std::uint32_t i = 0; i < kElements; ++i) {
    CHECK(FakeWorld::get<pv_gnttab_unmap_grant_ref>(world.user, element(i).value()).status == PV_GNTST_BAD_HANDLE);
  }
  CHECK(FakeWorld::get<pv_gnttab_unmap_grant_ref>(world.user, element(kElements).value()).status == 99);
}

TEST_CASE("A huge count ends where the guest's memory does") {
  Calls world;
  const std::uint64_t at = FakeWorld::address(world.user, GuestFrame{5});
  for (const std::uint64_t count : {std::uint64_t{65536}, std::uint64_t{0x7fff'ffff}}) {
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_UNMAP_GRANT_REF, at, count}) == -PV_EFAULT);
  }
}

TEST_CASE("A command with bits above the twelfth is refused, one that is not there is not known") {
  Calls world;
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {0x1000 | PV_GNTTABOP_QUERY_SIZE, 0, 1}) == -PV_EINVAL);
  for (const auto command : std::to_array<std::uint64_t>({3, 4, 7, 9, 11, 12, 13, 0xfff})) {
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {command, world.put(world.user, 0), 1}) == -PV_ENOSYS);
  }
}

TEST_CASE("A read-only mapping that covers its own struct ends the call, and the monitor does not write there") {
  Calls world;
  auto op = world.map_request();
  op.flags |= PV_GNTMAP_READONLY;
  op.host_addr = FakeWorld::address(world.user, FakeWorld::kArguments);
  const std::uint64_t at = world.put(world.user, op);
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == -PV_EFAULT);
  CHECK(world.user.mappings().size() == 1);
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_QUERY_SIZE, at, 1}) == -PV_EFAULT);
  CHECK(world.call(world.user, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_BIND_IPI, at}) == -PV_EFAULT);
}

TEST_CASE("An array that leaves guest memory is worked off up to there") {
  Calls world;
  const auto op = world.map_request();
  const std::uint64_t at = FakeWorld::end_of(world.user) - sizeof op;
  REQUIRE(world.user.memory().write(GuestVirt{at}, op));
  CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 2}) == -PV_EFAULT);
  CHECK(FakeWorld::get<pv_gnttab_map_grant_ref>(world.user, at).status == PV_GNTST_OKAY);
  CHECK(world.owner.grants().uses() == 1);
  for (const std::uint64_t bad : {std::uint64_t{0}, FakeWorld::end_of(world.user), ~std::uint64_t{0}}) {
    for (const std::uint64_t cmd : {0UL, 1UL, 2UL, 5UL, 6UL, 8UL, 10UL}) {
      CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, bad, 1}) == -PV_EFAULT);
    }
  }
}
