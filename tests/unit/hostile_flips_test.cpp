// SPDX-License-Identifier: MIT
// Guests whose second CPU changes what the monitor is reading: requests in a ring, structs of calls, grants. What is checked and
// what is used are the same copy, so each outcome is that of some content that was there.
#include <doctest/doctest.h>

#include <pvabi/domid.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "devices/block/block_connection.hpp"
#include "support/block_test_world.hpp"
#include "support/fake_engine_world.hpp"
#include "support/flipper.hpp"

using namespace pvisor;

namespace {

constexpr int kRounds = 20'000;

/// Counts rounds: enough of them, and until both contents have had their effect at least once.
class Outcomes {
 public:
  [[nodiscard]] bool wanted() {
    if (++rounds_ > kRounds) std::this_thread::yield();
    return rounds_ <= kRounds || good_ == 0 || bad_ == 0;
  }
  void count(bool good) { ++(good ? good_ : bad_); }

 private:
  int rounds_ = 0, good_ = 0, bad_ = 0;
};

std::byte* host_address(Domain& domain, GuestFrame frame, std::size_t offset = 0) {
  return FakeWorld::space(domain).ram()->bytes().data() + frame.value() * kPageSize + offset;
}

void grant(Domain& by, std::uint32_t ref, GuestFrame frame, DomainId to) {
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, to.value(), static_cast<std::uint32_t>(frame.value())};
  std::memcpy(host_address(by, by.image().grant_frames, ref * sizeof entry), &entry, sizeof entry);
}

}  // namespace

TEST_CASE("a block request that changes while it is taken never reaches beyond the disk or into what is not granted") {
  constexpr std::size_t kSectors = 64;
  const TestDisk disk(kSectors);
  HeldBlockIo io;
  RingPages ring_pages;
  TestGuest guest;
  std::string error;
  const auto image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  auto connection = BlockConnection::open({DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image, [](const char*) {}},
                                          GrantRef(TestGuest::kRingGrant), guest.port, error);
  REQUIRE(connection != nullptr);

  const auto good = test_request(PV_BLKIF_OP_WRITE, 1, 8, {test_segment(0), test_segment(1)});
  pv_blkif_request bad = good;
  bad.nr_segments = 255;
  bad.sector_number = ~std::uint64_t{0} - 7;
  for (auto& segment : bad.seg) segment = {0xffff'ffff, 7, 255, {0, 0}};
  const Flipper flipper(reinterpret_cast<std::byte*>(&guest.ring().ring[0].req), good, bad);
  for (Outcomes outcomes; outcomes.wanted();) {
    guest.req_prod += 32;  // a ringful, of which only the first is looked at: the others are empty and refused
    guest.push();
    guest.run();
    outcomes.count(!io.held.empty());
    while (!io.held.empty()) {
      const IoRequest& request = *io.held.front();
      std::uint64_t length = 0;
      for (const IoSpan& span : request.spans) length += span.size();
      CHECK(request.offset <= kSectors * 512);
      CHECK(length <= kSectors * 512 - request.offset);
      CHECK(guest.grants.uses() == request.spans.size() + 1);  // and the ring
      io.finish(static_cast<std::int64_t>(length));
    }
    guest.run();
  }
  connection.reset();
  CHECK(guest.grants.uses() == 0);
}

TEST_CASE("a call whose struct changes meanwhile does one thing or the other") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto port = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  const std::uint64_t at = FakeWorld::address(domain, FakeWorld::kArguments);
  const Flipper flipper(host_address(domain, FakeWorld::kArguments), std::array{pv_evtchn_send{port}, pv_evtchn_send{0}},
                        std::array{pv_evtchn_send{4096}, pv_evtchn_send{0}});
  for (Outcomes outcomes; outcomes.wanted();) {
    const auto result = world.call(domain, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_SEND, at});
    CHECK((result == 0 || result == -PV_EINVAL));
    const bool raised = domain.shared_info().is_pending(Port{port});
    CHECK(raised == (result == 0));
    if (raised) domain.shared_info().clear_pending(Port{port});
    outcomes.count(raised);
  }
}

TEST_CASE("a grant copy whose offsets and length change meanwhile stays inside both pages") {
  FakeWorld world;
  Domain& owner = world.add_domain();
  Domain& user = world.add_domain();
  grant(owner, 9, GuestFrame{5}, user.id());
  pv_gnttab_copy good{};
  good.source.u.ref = 9;
  good.source.domid = owner.id().value();
  good.dest.u.gmfn = 6;
  good.dest.domid = PV_DOMID_SELF;
  good.len = 16;
  good.flags = PV_GNTCOPY_SOURCE_GREF;
  pv_gnttab_copy bad = good;
  bad.dest.offset = kPageSize - 8;
  bad.source.offset = 0xfff0;
  bad.dest.u.gmfn = 6 | std::uint64_t{1} << 40;
  const std::uint64_t at = FakeWorld::address(user, FakeWorld::kArguments);
  const Flipper flipper(host_address(user, FakeWorld::kArguments), good, bad);
  std::memset(host_address(user, GuestFrame{7}), 0x77, kPageSize);
  std::memset(host_address(owner, GuestFrame{5}), 0x5a, kPageSize);
  for (Outcomes outcomes; outcomes.wanted();) {
    *host_address(user, GuestFrame{6}) = std::byte{0};
    CHECK(world.call(user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_COPY, at, 1}) == 0);
    CHECK(owner.grants().uses() == 0);
    outcomes.count(*host_address(user, GuestFrame{6}) == std::byte{0x5a});
  }
  CHECK(*host_address(user, GuestFrame{7}) == std::byte{0x77});
}

TEST_CASE("a grant whose entry changes during map and copy is the granted frame or a refusal, never another frame") {
  FakeWorld world;
  Domain& owner = world.add_domain();
  Domain& user = world.add_domain();
  std::memset(host_address(owner, GuestFrame{5}), 0x55, kPageSize);
  std::memset(host_address(owner, GuestFrame{6}), 0x66, kPageSize);
  // Frame 5 is granted to the user, frame 6 to nobody who is there.
  const pv_grant_entry_v1 ours{PV_GTF_PERMIT_ACCESS, user.id().value(), 5};
  const pv_grant_entry_v1 theirs{PV_GTF_PERMIT_ACCESS, 77, 6};
  const Flipper flipper(host_address(owner, owner.image().grant_frames, 9 * sizeof ours), ours, theirs);
  for (Outcomes outcomes; outcomes.wanted();) {
    const std::uint64_t target = FakeWorld::address(user, GuestFrame{6});
    const std::uint64_t at = world.put(user, pv_gnttab_map_grant_ref{target, PV_GNTMAP_HOST_MAP | PV_GNTMAP_READONLY, 9, owner.id().value(), 1, 0, 0});
    REQUIRE(world.call(user, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == 0);
    const auto op = FakeWorld::get<pv_gnttab_map_grant_ref>(user, at);
    REQUIRE((op.status == PV_GNTST_OKAY || op.status == PV_GNTST_GENERAL_ERROR));
    CHECK(owner.grants().uses() == user.mappings().size());
    outcomes.count(op.status == PV_GNTST_OKAY);
    if (op.status != PV_GNTST_OKAY) continue;
    CHECK(*host_address(user, GuestFrame{6}) == std::byte{0x55});
    user.unmap_grant(GrantHandle{op.handle});
  }
  CHECK(owner.grants().uses() == 0);
}
