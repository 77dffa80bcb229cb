// SPDX-License-Identifier: MIT
// The rings and the grant table, in memory that changes as soon as it has been read: what was copied from a ring counts, each
// byte of it is fetched once, and a grant is used as it stood at one moment or not at all.
#include <doctest/doctest.h>

#include <pvabi/io/xs_wire.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "devices/block/block_connection.hpp"
#include "support/block_test_world.hpp"
#include "support/changing_memory.hpp"
#include "support/console_world.hpp"
#include "support/net_test_world.hpp"
#include "support/xenstore_client.hpp"
#include "xenstore/service_ring.hpp"

using namespace pvisor;

namespace {

struct BlockRing {
  TestDisk disk{128};
  HeldBlockIo io;
  RingPages ring_pages;
  TestGuest guest;
  std::shared_ptr<DiskImage> image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  std::string error;
  std::unique_ptr<BlockConnection> connection =
      BlockConnection::open({DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image, [](const char*) {}},
                            GrantRef(TestGuest::kRingGrant), guest.port, error);

  [[nodiscard]] std::span<std::byte> grant_table() const { return guest.ram->page(TestGuest::kRamPages + 1); }
  [[nodiscard]] std::span<std::byte> header() const { return guest.ram->page(TestGuest::kRingFrame).first(PV_RING_HEADER_SIZE); }
};

/// Rewrites one grant entry each time it has been looked at, `changes` times; then keeps it still.
class RestlessEntry final : public FetchWatch {
 public:
  RestlessEntry(const TestGuest& guest, std::uint32_t ref, int changes)
      : guest_(guest), entry_(guest.ram->page(TestGuest::kRamPages + 1).data() + ref * sizeof(pv_grant_entry_v1)), ref_(ref), left_(changes) {
    current = this;
  }
  ~RestlessEntry() { current = nullptr; }
  void fetched(std::span<std::byte> bytes) override {
    if (bytes.data() != entry_ || left_ == 0) return;
    --left_;
    guest_.grant(ref_, ++frame_);
  }
  [[nodiscard]] std::uint64_t frame() const { return frame_; }

 private:
  const TestGuest& guest_;
  std::byte* entry_;
  std::uint32_t ref_;
  int left_;
  std::uint64_t frame_ = 30;
};

}  // namespace

TEST_CASE("a block request is acted upon as it was copied, and each of its bytes is read once") {
  BlockRing f;
  ChangingMemory memory;
  memory.spare(f.header());
  memory.spare(f.grant_table());
  for (std::uint32_t i = 0; i < 200; ++i) {
    memory.begin_request();
    f.guest.request(test_request(PV_BLKIF_OP_READ, i, i % 128, {test_segment(i % 64, 0, 0), test_segment((i + 1) % 64, 7, 7)}));
    f.guest.run();
    const bool fits = i % 128 + 2 <= 128;
    REQUIRE(f.io.held.size() == (fits ? 1 : 0));
    if (fits) f.io.finish(1024);
    f.guest.run();
    const auto responses = f.guest.responses();
    REQUIRE(responses.size() == 1);
    CHECK(responses[0].id == i);
    CHECK(responses[0].status == (fits ? PV_BLKIF_RSP_OKAY : PV_BLKIF_RSP_ERROR));
  }
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() == 200 * sizeof(pv_blkif_request));
}

TEST_CASE("the segments of an indirect block request are acted upon as they were copied, and each byte is read once") {
  BlockRing f;
  constexpr std::uint64_t kSegmentFrame = 4;
  constexpr std::uint32_t kSegmentGrant = 90;
  f.guest.grant(kSegmentGrant, kSegmentFrame);
  std::array<pv_blkif_request_segment, 100> segments{};
  ChangingMemory memory;
  memory.spare(f.header());
  memory.spare(f.grant_table());
  for (std::uint32_t i = 0; i < 50; ++i) {
    for (auto& segment : segments) segment = test_segment(i % 64, 1, 1);
    std::memcpy(f.guest.page(kSegmentFrame), segments.data(), sizeof segments);
    memory.begin_request();
    f.guest.request(test_indirect(PV_BLKIF_OP_READ, i, i, segments.size(), kSegmentGrant));
    f.guest.run();
    const bool fits = i + segments.size() <= 128;
    REQUIRE(f.io.held.size() == (fits ? 1 : 0));
    if (fits) f.io.finish(segments.size() * 512);
    f.guest.run();
    CHECK(f.guest.responses().at(0).status == (fits ? PV_BLKIF_RSP_OKAY : PV_BLKIF_RSP_ERROR));
  }
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() == 50 * (sizeof(pv_blkif_request) + sizeof segments));
}

TEST_CASE("a packet is sent as it was copied, from slots and pages, and each of its bytes is read once") {
  LonelyWorld world;
  const TestGuest& guest = world.guest.guest;
  ChangingMemory memory;
  memory.spare(guest.ram->page(TestGuest::kRingFrame).first(PV_RING_HEADER_SIZE));
  memory.spare(guest.ram->page(NetTestGuest::kRxRingFrame).first(PV_RING_HEADER_SIZE));
  memory.spare(guest.ram->page(TestGuest::kRamPages + 1));
  for (unsigned i = 0; i < 100; ++i) {
    memory.begin_request();
    const std::string frame = test_frame(test_mac(2), test_mac(1), 5000, i);
    world.guest.send(frame, 0);
    REQUIRE(world.sent.bytes.size() == i + 1);
    CHECK((world.sent.bytes.back() == frame));
  }
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() == 100 * (2 * sizeof(pv_netif_tx_request) + 5000));
}

TEST_CASE("a frame is put where its slot said when it was copied, and each byte of the slot is read once") {
  LonelyWorld world;
  NetTestGuest& guest = world.guest;
  ChangingMemory memory;
  memory.spare(guest.guest.ram->page(TestGuest::kRingFrame).first(PV_RING_HEADER_SIZE));
  memory.spare(guest.guest.ram->page(NetTestGuest::kRxRingFrame).first(PV_RING_HEADER_SIZE));
  memory.spare(guest.guest.ram->page(TestGuest::kRamPages + 1));
  for (unsigned i = 0; i < 100; ++i) {
    memory.begin_request();
    guest.post(1);
    guest.ring_up();
    const std::string frame = test_frame(test_mac(1), test_mac(2), 60, i);
    guest.interface.receive({.bytes = std::as_bytes(std::span(frame))});
    guest.interface.flush();
    const auto got = guest.received();
    REQUIRE(got.size() == 1);
    CHECK(got[0].bytes == frame);
  }
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() == 100 * sizeof(pv_netif_rx_request));
}

TEST_CASE("a ring index that changes after each look makes a broken ring, not a wrong number of requests") {
  BlockRing f;
  ChangingMemory memory;
  memory.spare(f.grant_table());
  f.guest.request(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0, 0, 0)}));
  f.guest.work.run_turn();
  CHECK(f.io.held.size() == 1);
}

TEST_CASE("a grant whose owner changes it after each look is refused, and none of its frames is in use") {
  TestGuest guest;
  const RestlessEntry entry(guest, 20, 1'000);
  std::int16_t status = 0;
  CHECK_FALSE(guest.grants.use(GrantRef{20}, kMonitorDomain, FrameAccess::ReadWrite, status).has_value());
  CHECK(status == PV_GNTST_GENERAL_ERROR);
  CHECK(guest.grants.uses() == 0);
  CHECK(guest.grant_flags(20) == PV_GTF_PERMIT_ACCESS);
}

TEST_CASE("a grant that changes while it is taken gives the frame that it named when the flag was set") {
  TestGuest guest;
  const RestlessEntry entry(guest, 20, 3);
  std::int16_t status = 0;
  const auto use = guest.grants.use(GrantRef{20}, kMonitorDomain, FrameAccess::ReadWrite, status);
  REQUIRE(use.has_value());
  CHECK(use->frame() == GuestFrame{entry.frame()});
  CHECK(guest.grants.is_in_use(GuestFrame{33}));
  CHECK_FALSE(guest.grants.is_in_use(GuestFrame{32}));
}

TEST_CASE("console output is shown as it was copied, and each byte is read once") {
  ConsoleWorld w;
  ChangingMemory memory;
  const auto page = FakeWorld::space(w.domain).ram()->bytes().subspan(w.domain.image().console.value() * kPageSize, kPageSize);
  memory.spare(page.subspan(ConsoleWorld::kInCons));  // the indices lie behind both rings
  memory.spare(FakeWorld::space(w.domain).ram()->bytes().subspan(FakeWorld::kRamPages * kPageSize));
  for (int i = 0; i < 50; ++i) {
    memory.begin_request();
    w.print("sixteen letters.");
    w.ring_doorbell();
    w.turns(1);
  }
  CHECK(w.sink.shown.size() == 800);
  CHECK(w.sink.shown.ends_with("sixteen letters."));
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() >= 800);
}

TEST_CASE("a xenstore request is served as it was copied, and each byte is read once") {
  test::StoreWithGuests world;
  XenstoreConnection connection(world.store, DomainId{1});
  const auto ram = std::make_shared<FakeRam>(1);
  XenstoreRing ring(SharedPage(ram, ram->bytes().data()), connection);
  ChangingMemory memory;
  memory.spare(ram->bytes().subspan(offsetof(pv_xenstore_domain_interface, req_cons)));
  const SharedPage page(ram, ram->bytes().data());
  std::uint32_t producer = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    memory.begin_request();
    const std::string request = test::request_bytes(PV_XS_WRITE, test::z("data/x") + std::to_string(i), 0, i);
    for (const char c : request) ram->bytes()[producer++ % PV_XENSTORE_RING_SIZE] = static_cast<std::byte>(c);
    page.store(offsetof(pv_xenstore_domain_interface, req_prod), producer);
    (void)ring.run(1);
    CHECK(world.store.read("/local/domain/1/data/x") == std::to_string(i));
    page.store(offsetof(pv_xenstore_domain_interface, rsp_cons), page.load<std::uint32_t>(offsetof(pv_xenstore_domain_interface, rsp_prod)));
  }
  CHECK(memory.second_fetches() == 0);
  CHECK(memory.fetches() == producer);
}
