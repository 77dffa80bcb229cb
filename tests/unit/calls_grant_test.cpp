// SPDX-License-Identifier: MIT
// grant_table_op as a guest makes it, one struct at a time. Arrays of them: calls_grant_arrays_test.cpp.
#include "calls_grant_world.hpp"

#include <vector>

using namespace pvisor;

TEST_CASE("A mapped grant shows the owner's page until it is unmapped, and counts as in use meanwhile") {
  Calls world;
  Calls::fill(world.owner, kGranted, 0x11);
  Calls::fill(world.user, kTarget, 0x22);
  auto op = world.map_request();
  CHECK(world.gnttab(world.user, PV_GNTTABOP_MAP_GRANT_REF, op) == 0);
  REQUIRE(op.status == PV_GNTST_OKAY);
  CHECK(op.dev_bus_addr == kTarget.value() << kPageShift);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0x11);
  CHECK(Calls::flags(world.owner, kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING | PV_GTF_WRITING));
  CHECK(world.user.mappings().size() == 1);
  CHECK(world.try_unmap(op.host_addr, op.handle, world.user) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0x22);
  CHECK(Calls::flags(world.owner, kRef) == PV_GTF_PERMIT_ACCESS);
  CHECK(world.owner.grants().uses() == 0);
}

TEST_CASE("Unmapping needs the mapper, its handle and its address; a second time there is nothing to unmap") {
  Calls world;
  auto op = world.map_request(PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY);
  CHECK(world.gnttab(world.user, PV_GNTTABOP_MAP_GRANT_REF, op) == 0);
  REQUIRE(op.status == PV_GNTST_OKAY);
  CHECK(Calls::flags(world.owner, kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING));
  CHECK(world.try_unmap(op.host_addr, op.handle + 1, world.user) == PV_GNTST_BAD_HANDLE);
  CHECK(world.try_unmap(op.host_addr, op.handle, world.owner) == PV_GNTST_BAD_HANDLE);
  CHECK(world.try_unmap(op.host_addr + kPageSize, op.handle, world.user) == PV_GNTST_GENERAL_ERROR);
  CHECK(world.try_unmap(op.host_addr - 1, op.handle, world.user) == PV_GNTST_GENERAL_ERROR);
  CHECK(world.try_unmap(0, op.handle, world.user) == PV_GNTST_GENERAL_ERROR);
  CHECK(world.owner.grants().uses() == 1);
  CHECK(world.try_unmap(op.host_addr, op.handle, world.user) == PV_GNTST_OKAY);
  CHECK(world.try_unmap(op.host_addr, op.handle, world.user) == PV_GNTST_BAD_HANDLE);
  CHECK(world.owner.grants().uses() == 0);
}

TEST_CASE("Any byte of a page names it as a mapping's place, both when it comes and when it goes") {
  Calls world;
  Calls::fill(world.owner, kGranted, 0x11);
  auto op = world.map_request();
  op.host_addr += 8;
  CHECK(world.gnttab(world.user, PV_GNTTABOP_MAP_GRANT_REF, op) == 0);
  REQUIRE(op.status == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0x11);
  CHECK(world.try_unmap(FakeWorld::address(world.user, kTarget, kPageSize - 1), op.handle, world.user) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0);
}

TEST_CASE("A map request that is wrong in any field has its status and no effect") {
  Calls world;
  const auto with = [&](auto change) {
    auto op = world.map_request();
    change(op);
    return world.try_map(op);
  };
  for (const std::uint32_t flags : {PV_GNTMAP_DEVICE_MAP, PV_GNTMAP_HOST_MAP | PV_GNTMAP_DEVICE_MAP,
                                    PV_GNTMAP_HOST_MAP | PV_GNTMAP_APPLICATION_MAP, PV_GNTMAP_HOST_MAP | PV_GNTMAP_CONTAINS_PTE,
                                    PV_GNTMAP_HOST_MAP | 0x8000U}) {
    CHECK(world.try_map(world.map_request(flags)) == PV_GNTST_GENERAL_ERROR);
  }
  CHECK(world.try_map(world.map_request(0)) == PV_GNTST_BAD_GNTREF);
  for (const std::uint32_t domid : std::initializer_list<std::uint32_t>{0, 9, PV_DOMID_SELF, PV_DOMID_IO, 0x7fff, 0xffff}) {
    CHECK(with([&](auto& op) { op.dom = static_cast<pv_domid_t>(domid); }) == PV_GNTST_BAD_DOMAIN);
  }
  CHECK(with([](auto& op) { op.ref = 512; }) == PV_GNTST_BAD_GNTREF);
  CHECK(with([](auto& op) { op.ref = 0xffff'ffff; }) == PV_GNTST_BAD_GNTREF);
  CHECK(with([](auto& op) { op.ref = 1; }) == PV_GNTST_GENERAL_ERROR);
  CHECK(with([&](auto& op) { op.dom = world.user.id().value(); }) == PV_GNTST_GENERAL_ERROR);
  const std::uint64_t special = FakeWorld::address(world.user, world.user.image().shared_info);
  CHECK(with([&](auto& op) { op.host_addr = special; }) == PV_GNTST_BAD_VIRT_ADDR);
  for (const std::uint64_t nowhere : {std::uint64_t{0}, FakeWorld::end_of(world.user), std::uint64_t{1} << 63, ~std::uint64_t{0xfff}}) {
    CHECK(with([&](auto& op) { op.host_addr = nowhere; }) == PV_GNTST_GENERAL_ERROR);
  }
  CHECK(with([](auto& op) { op.ref = 512; op.host_addr = 0; }) == PV_GNTST_BAD_GNTREF);
  FakeWorld::space(world.user).refuse_foreign = true;
  CHECK(world.try_map(world.map_request()) == PV_GNTST_NO_SPACE);
  CHECK(world.owner.grants().uses() == 0);
  CHECK(world.user.mappings().size() == 0);
  CHECK(Calls::flags(world.owner, kRef) == PV_GTF_PERMIT_ACCESS);
}

TEST_CASE("A page that is pinned, granted in use or already foreign does not become a mapping's place") {
  Calls world;
  const auto pin = world.user.memory().pin(kTarget, 0, 512);
  CHECK(world.try_map(world.map_request()) == PV_GNTST_BAD_VIRT_ADDR);
  auto op = world.map_request();
  op.host_addr += kPageSize;
  CHECK(world.try_map(op) == PV_GNTST_OKAY);
  CHECK(world.try_map(op) == PV_GNTST_BAD_VIRT_ADDR);
  Calls::grant(world.user, kRef, GuestFrame{8}, PV_GTF_PERMIT_ACCESS, kMonitorDomain);
  std::int16_t status = 1;
  const auto use = world.user.grants().use(GrantRef{kRef}, kMonitorDomain, FrameAccess::ReadWrite, status);
  op.host_addr += kPageSize;
  CHECK(world.try_map(op) == PV_GNTST_BAD_VIRT_ADDR);
  // Nor may a frame that shows foreign content be granted on.
  Calls::grant(world.user, kRef + 1, GuestFrame{7}, PV_GTF_PERMIT_ACCESS, kMonitorDomain);
  CHECK_FALSE(world.user.grants().use(GrantRef{kRef + 1}, kMonitorDomain, FrameAccess::ReadOnly, status).has_value());
  CHECK(status == PV_GNTST_BAD_PAGE);
}

TEST_CASE("A domain may map its own grant, but not over the granted page itself") {
  Calls world;
  Calls::grant(world.user, kRef, kTarget, PV_GTF_PERMIT_ACCESS, world.user.id());
  auto op = world.map_request();
  op.dom = world.user.id().value();
  CHECK(world.try_map(op) == PV_GNTST_BAD_VIRT_ADDR);
  CHECK(world.user.grants().uses() == 0);
  op.host_addr += kPageSize;
  CHECK(world.try_map(op) == PV_GNTST_OKAY);
}

TEST_CASE("A mapper that dies returns what it held, and an owner that dies leaves the mapper its page") {
  Calls world;
  CHECK(world.try_map(world.map_request()) == PV_GNTST_OKAY);
  Domain& third = world.add_domain();
  Calls::grant(third, kRef, kGranted, PV_GTF_PERMIT_ACCESS, world.user.id());
  auto op = world.map_request();
  op.dom = third.id().value();
  op.host_addr += kPageSize;
  CHECK(world.try_map(op) == PV_GNTST_OKAY);
  world.monitor.destroy_domain(third.id());
  CHECK(world.user.mappings().size() == 2);
  world.monitor.destroy_domain(world.user.id());
  CHECK(world.owner.grants().uses() == 0);
  CHECK(Calls::flags(world.owner, kRef) == PV_GTF_PERMIT_ACCESS);
}

TEST_CASE("A domain that holds as many mappings as it may gets another one when it has given one back") {
  Calls world;
  Domain& large = world.add_domain(GrantMappings::kMaxMappings + 16);
  Calls::grant(world.owner, kRef, kGranted, PV_GTF_PERMIT_ACCESS, large.id());
  auto op = world.map_request();
  const auto map_at = [&](std::uint64_t frame) {
    op.host_addr = FakeWorld::address(large, GuestFrame{frame});
    CHECK(world.gnttab(large, PV_GNTTABOP_MAP_GRANT_REF, op) == 0);
    return op.status;
  };
  for (std::uint64_t i = 0; i < GrantMappings::kMaxMappings; ++i) REQUIRE(map_at(8 + i) == PV_GNTST_OKAY);
  const std::uint64_t last = op.host_addr;
  const std::uint32_t handle = op.handle;
  CHECK(map_at(2) == PV_GNTST_NO_DEVICE_SPACE);
  CHECK(world.try_unmap(last, handle, large) == PV_GNTST_OKAY);
  CHECK(map_at(2) == PV_GNTST_OKAY);
}

TEST_CASE("Bytes are copied from a grant, to a grant, and between two grants") {
  Calls world;
  Calls::fill(world.owner, kGranted, 0x11);
  auto op = world.copy_request();
  op.source.offset = 4080;
  op.dest.offset = 1;
  CHECK(world.try_copy(op) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0);
  CHECK(Calls::byte_at(world.user, kTarget, 1) == 0x11);
  CHECK(Calls::byte_at(world.user, kTarget, 16) == 0x11);
  CHECK(Calls::byte_at(world.user, kTarget, 17) == 0);

  Calls::fill(world.user, kTarget, 0x22);
  std::swap(op.source, op.dest);
  op.flags = PV_GNTCOPY_DEST_GREF;
  CHECK(world.try_copy(op) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.owner, kGranted, 4095) == 0x22);
  CHECK(Calls::byte_at(world.owner, kGranted, 4079) == 0x11);

  Domain& third = world.add_domain();
  Calls::grant(third, 20, GuestFrame{3}, PV_GTF_PERMIT_ACCESS, world.user.id());
  op = world.copy_request();
  op.dest.u.ref = 20;
  op.dest.domid = third.id().value();
  op.flags = PV_GNTCOPY_SOURCE_GREF | PV_GNTCOPY_DEST_GREF;
  op.len = 4096;
  CHECK(world.try_copy(op) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(third, GuestFrame{3}, 4095) == 0x22);
  CHECK(world.owner.grants().uses() + third.grants().uses() == 0);
}

TEST_CASE("A copy whose ends overlap moves the bytes as they were") {
  Calls world;
  for (std::uint8_t i = 0; i < 32; ++i) REQUIRE(world.user.memory().write(GuestVirt{FakeWorld::address(world.user, kTarget, i)}, i));
  auto op = world.copy_request();
  op.source.u.gmfn = kTarget.value();
  op.source.domid = PV_DOMID_SELF;
  op.dest.offset = 1;
  op.flags = 0;
  CHECK(world.try_copy(op) == PV_GNTST_OKAY);
  for (std::uint64_t i = 0; i < 16; ++i) CHECK(Calls::byte_at(world.user, kTarget, i + 1) == static_cast<int>(i));
}

TEST_CASE("A copy that is wrong in any field has its status and moves nothing") {
  Calls world;
  Calls::fill(world.owner, kGranted, 0x11);
  const auto with = [&](auto change) {
    auto op = world.copy_request();
    change(op);
    return world.try_copy(op);
  };
  CHECK(with([](auto& op) { op.source.offset = 4081; }) == PV_GNTST_BAD_COPY_ARG);
  CHECK(with([](auto& op) { op.dest.offset = 0xffff; }) == PV_GNTST_BAD_COPY_ARG);
  CHECK(with([](auto& op) { op.len = 0xffff; }) == PV_GNTST_BAD_COPY_ARG);
  CHECK(with([](auto& op) { op.source.domid = 9; }) == PV_GNTST_BAD_DOMAIN);
  CHECK(with([](auto& op) { op.source.domid = 0; }) == PV_GNTST_BAD_DOMAIN);
  CHECK(with([](auto& op) { op.source.u.ref = 512; }) == PV_GNTST_BAD_GNTREF);
  CHECK(with([](auto& op) { op.source.u.ref = 10; }) == PV_GNTST_GENERAL_ERROR);
  CHECK(with([&](auto& op) { op.dest.domid = world.user.id().value(); }) == PV_GNTST_PERMISSION_DENIED);
  CHECK(with([&](auto& op) { op.dest.domid = world.owner.id().value(); }) == PV_GNTST_PERMISSION_DENIED);
  CHECK(with([](auto& op) { op.dest.domid = 0; }) == PV_GNTST_PERMISSION_DENIED);
  CHECK(with([](auto& op) { op.dest.domid = 9; }) == PV_GNTST_BAD_DOMAIN);
  CHECK(with([](auto& op) { op.dest.u.gmfn = FakeWorld::kRamPages; }) == PV_GNTST_BAD_PAGE);
  CHECK(with([](auto& op) { op.dest.u.gmfn = ~std::uint64_t{0}; }) == PV_GNTST_BAD_PAGE);
  // Whose comes before which, which before how much; and nothing must be good, too.
  CHECK(with([](auto& op) { op.source.u.ref = 512; op.dest.domid = 9; }) == PV_GNTST_BAD_DOMAIN);
  CHECK(with([](auto& op) { op.source.u.ref = 512; op.len = 0xffff; }) == PV_GNTST_BAD_GNTREF);
  CHECK(with([](auto& op) { op.source.u.ref = 512; op.len = 0; }) == PV_GNTST_BAD_GNTREF);
  CHECK(with([](auto& op) { op.dest.offset = 4097; op.len = 0; }) == PV_GNTST_BAD_COPY_ARG);
  CHECK(with([](auto& op) { op.dest.offset = 4096; op.len = 0; }) == PV_GNTST_OKAY);
  CHECK(Calls::byte_at(world.user, kTarget, 0) == 0);
  CHECK(world.owner.grants().uses() == 0);
}

TEST_CASE("A read-only grant can be copied from and not to") {
  Calls world;
  Calls::grant(world.owner, kRef, kGranted, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY, world.user.id());
  auto op = world.copy_request();
  CHECK(world.try_copy(op) == PV_GNTST_OKAY);
  std::swap(op.source, op.dest);
  op.flags = PV_GNTCOPY_DEST_GREF;
  CHECK(world.try_copy(op) == PV_GNTST_GENERAL_ERROR);
  CHECK(world.try_map(world.map_request()) == PV_GNTST_GENERAL_ERROR);
  CHECK(world.try_map(world.map_request(PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY)) == PV_GNTST_OKAY);
}

TEST_CASE("setup_table grows the caller's table and writes exactly the frames asked for") {
  Calls world;
  const std::uint64_t list = FakeWorld::address(world.user, GuestFrame{2});
  pv_gnttab_setup_table op{PV_DOMID_SELF, 3, 99, list};
  CHECK(world.gnttab(world.user, PV_GNTTABOP_SETUP_TABLE, op) == 0);
  CHECK(op.status == PV_GNTST_OKAY);
  const std::uint64_t first = world.user.image().grant_frames.value();
  const auto frames = FakeWorld::get<std::array<std::uint64_t, 4>>(world.user, list);
  CHECK(frames == std::array<std::uint64_t, 4>{first, first + 1, first + 2, 0});
  pv_gnttab_query_size size{PV_DOMID_SELF, 0, 0, 99};
  CHECK(world.gnttab(world.user, PV_GNTTABOP_QUERY_SIZE, size) == 0);
  CHECK(size.status == PV_GNTST_OKAY);
  CHECK(size.nr_frames == 3);
  CHECK(size.max_nr_frames == GrantTable::kMaxFrames);
}

TEST_CASE("What a guest wrote to a frame before its table reached that far is no grant") {
  Calls world;
  const GuestFrame second{world.user.image().grant_frames.value() + 1};
  Calls::fill(world.user, second, 0xff);
  pv_gnttab_setup_table op{PV_DOMID_SELF, 2, 99, FakeWorld::address(world.user, GuestFrame{2})};
  CHECK(world.gnttab(world.user, PV_GNTTABOP_SETUP_TABLE, op) == 0);
  CHECK(Calls::byte_at(world.user, second, 0) == 0);
  CHECK(Calls::byte_at(world.user, second, kPageSize - 1) == 0);
  Calls::fill(world.user, second, 0xff);
  CHECK(world.gnttab(world.user, PV_GNTTABOP_SETUP_TABLE, op) == 0);
  CHECK(Calls::byte_at(world.user, second, 0) == 0xff);  // it is in the table already
}

TEST_CASE("setup_table refuses other domains, sizes beyond the limit and lists in holes, and does not grow then") {
  Calls world;
  const std::uint64_t list = FakeWorld::address(world.user, GuestFrame{2});
  const auto setup = [&](std::uint32_t dom, std::uint32_t nr_frames, std::uint64_t at) {
    pv_gnttab_setup_table op{static_cast<pv_domid_t>(dom), nr_frames, 99, at};
    CHECK(world.gnttab(world.user, PV_GNTTABOP_SETUP_TABLE, op) == 0);
    return op.status;
  };
  CHECK(setup(world.owner.id().value(), 2, list) == PV_GNTST_PERMISSION_DENIED);
  CHECK(setup(0, 2, list) == PV_GNTST_PERMISSION_DENIED);
  CHECK(setup(0x7fff, 2, list) == PV_GNTST_BAD_DOMAIN);
  CHECK(setup(PV_DOMID_SELF, GrantTable::kMaxFrames + 1, list) == PV_GNTST_GENERAL_ERROR);
  CHECK(setup(PV_DOMID_SELF, 0xffff'ffff, list) == PV_GNTST_GENERAL_ERROR);
  CHECK(setup(PV_DOMID_SELF, 2, FakeWorld::end_of(world.user) - 8) == PV_GNTST_BAD_VIRT_ADDR);
  CHECK(setup(PV_DOMID_SELF, 0, 0) == PV_GNTST_OKAY);
  CHECK(world.user.grants().frames() == 1);
  const std::uint64_t at = world.put(world.user, pv_gnttab_setup_table{});
  for (const std::uint64_t cmd : std::initializer_list<std::uint64_t>{PV_GNTTABOP_SETUP_TABLE, PV_GNTTABOP_QUERY_SIZE}) {
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, at, 0}) == -PV_EINVAL);
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, at, 2}) == -PV_EINVAL);
  }
}

TEST_CASE("Version 1 is the version, version 2 does not exist however often it is asked for") {
  Calls world;
  for (int i = 0; i < 3; ++i) {
    pv_gnttab_set_version two{2};
    CHECK(world.gnttab(world.user, PV_GNTTABOP_SET_VERSION, two) == -PV_ENOSYS);
    pv_gnttab_set_version one{1};
    CHECK(world.gnttab(world.user, PV_GNTTABOP_SET_VERSION, one) == 0);
    pv_gnttab_set_version three{3};
    CHECK(world.gnttab(world.user, PV_GNTTABOP_SET_VERSION, three) == -PV_EINVAL);
    pv_gnttab_get_version get{PV_DOMID_SELF, 0, 99};
    CHECK(world.gnttab(world.user, PV_GNTTABOP_GET_VERSION, get) == 0);
    CHECK(get.version == 1);
  }
  pv_gnttab_get_version other{world.owner.id().value(), 0, 99};
  CHECK(world.gnttab(world.user, PV_GNTTABOP_GET_VERSION, other) == -PV_EPERM);
  const std::uint64_t at = world.put(world.user, std::array<std::uint64_t, 8>{});
  for (const std::uint64_t cmd : {3UL, 4UL, 7UL, 9UL, 11UL, 12UL, 13UL}) {
    CHECK(world.call(world.user, PV_HC_GRANT_TABLE_OP, {cmd, at, 1}) == -PV_ENOSYS);
  }
}
