// SPDX-License-Identifier: MIT
// The whole disk: xenstore, ring, real file, both kinds of I/O.
#include "devices/block/block_backend.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "support/block_test_world.hpp"
#include "devices/io/io_threads.hpp"
#include "devices/io/io_uring.hpp"

using namespace pvisor;

namespace {

constexpr auto kFront = "/local/domain/7/device/vbd/51712";
constexpr auto kBack = "/local/domain/0/backend/vbd/7/51712";

struct Fixture {
  TestDisk disk{128};
  Reactor reactor;
  std::unique_ptr<BlockIo> io = make_block_io(reactor);
  Store store;
  RingPages ring_pages;
  std::vector<std::string> log;
  TestGuest guest;
  std::unique_ptr<BlockBackend> backend;

  Fixture() { start(DiskAccess::ReadWrite); }

  void start(DiskAccess access) {
    backend.reset();
    store.introduce_domain(DomainId(7));
    backend = std::make_unique<BlockBackend>(
        BlockServices{store, *io, ring_pages, [this](const std::string& line) { log.push_back(line); }}, Vdev::parse("xvda"),
        DiskImage::open(disk.path(), access));
    attach();
  }
  void attach() {
    backend->attach({DomainId(7), guest.grants, guest.events, guest.work});
    run();
  }
  void run() {
    do {
      guest.run();
      while (store.has_events()) (void)store.deliver_events(64);
    } while (!guest.work.empty());
  }
  void set(const std::string& key, const std::string& value) { store.write(std::string(kFront) + "/" + key, value); }
  [[nodiscard]] std::string back(const std::string& key) { return store.read(std::string(kBack) + "/" + key).value_or("-"); }
  void offer_ring() {
    guest.start_ring(0);
    set("ring-ref", std::to_string(TestGuest::kRingGrant));
    set("event-channel", std::to_string(guest.port.value()));
    set("protocol", "x86_64-abi");
  }
  std::string state(const std::string& value) {
    set("state", value);
    run();
    return back("state");
  }
  std::vector<pv_blkif_response> wait_for_responses(std::size_t count) {
    std::vector<pv_blkif_response> all;
    for (;;) {
      run();
      for (const auto& response : guest.responses()) all.push_back(response);
      if (all.size() >= count) return all;
      reactor.wait(std::nullopt);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a disk shows its size, its kind and its features before the front end looks") {
  CHECK(back("state") == "2");
  CHECK(back("sectors") == "128");
  CHECK(back("sector-size") == "512");
  CHECK(back("physical-sector-size") == "512");
  CHECK(back("info") == "0");
  CHECK(back("mode") == "w");
  CHECK(back("dev") == "xvda");
  CHECK(back("device-type") == "disk");
  CHECK(back("feature-flush-cache") == "1");
  CHECK(back("feature-discard") == "1");
  CHECK(std::stoul(back("discard-granularity")) % 512 == 0);
  CHECK(back("discard-alignment") == "0");
  CHECK(back("discard-secure") == "0");
  CHECK(back("feature-max-indirect-segments") == "256");
  CHECK(back("feature-persistent") == "-");
  CHECK(store.read(std::string(kFront) + "/virtual-device") == "51712");
  start(DiskAccess::ReadOnly);
  CHECK(back("mode") == "r");
  CHECK(back("info") == "4");
  CHECK(back("feature-discard") == "-");
}

TEST_CASE_FIXTURE(Fixture, "no node of a disk tells the guest where the file is") {
  const auto children = store.list(kBack);
  CHECK(children.size() > 5);
  for (const std::string& key : children) CHECK(back(key).find(disk.path()) == std::string::npos);
}

TEST_CASE("a front end connects, reads, writes and flushes a real file") {
  for (const bool threads : {false, true}) {
    Fixture f;
    f.backend.reset();
    f.io = threads ? std::make_unique<IoThreads>(f.reactor) : make_block_io(f.reactor);
    CAPTURE(f.io->name());
    f.start(DiskAccess::ReadWrite);
    f.offer_ring();
    CHECK(f.state("3") == "4");
    for (std::uint32_t i = 0; i < 16; ++i) f.guest.put(test_request(PV_BLKIF_OP_READ, i, i * 8, {test_segment(i)}));
    f.guest.push();
    CHECK(f.wait_for_responses(16).size() == 16);
    for (std::uint32_t i = 0; i < 16; ++i) CHECK(f.guest.data(i, 0, 4096) == f.disk.read(i * 8, 4096));
    f.guest.request(test_request(PV_BLKIF_OP_WRITE, 1, 100, {test_segment(0, 0, 1)}));
    CHECK(f.wait_for_responses(1)[0].status == PV_BLKIF_RSP_OKAY);
    f.guest.request(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 2, 0, {}));
    CHECK(f.wait_for_responses(1)[0].status == PV_BLKIF_RSP_OKAY);
    CHECK(f.disk.read(100, 1024) == f.guest.data(0, 0, 1024));
    f.guest.request(test_discard(3, 101, 3));
    CHECK(f.wait_for_responses(1)[0].status == PV_BLKIF_RSP_OKAY);
    CHECK(f.disk.read(100) == f.guest.data(0));
    CHECK(f.disk.read(101, 1536) == std::string(1536, '\0'));
    CHECK(f.disk.read(104) == std::string(512, 105));
    CHECK(f.state("5") == "5");
    CHECK(f.state("6") == "6");
    CHECK(f.guest.grants.uses() == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "a front end that asks for what is not offered gets an error node and no connection") {
  offer_ring();
  std::string expected;
  SUBCASE("another ABI") {
    set("protocol", "x86_32-abi");
    expected = "x86_32-abi";
  }
  SUBCASE("a protocol that would spoil a terminal") {
    set("protocol", "\x1b[2J");
    expected = "\\x1b[2J";
  }
  SUBCASE("rings of several pages") {
    for (const char* const value : {"0", "3", "32", "2147483648", "-1", "", "abc"}) {
      set("ring-page-order", value);
      CHECK(state("3") == "2");
      CHECK(back("error").find("ring-page-order") == 0);
    }
    set("ring-page-order", std::string(100'000, '1'));
    expected = "ring-page-order";
  }
  SUBCASE("several ring pages by number") {
    set("num-ring-pages", "2");
    expected = "num-ring-pages";
  }
  SUBCASE("a ring that is no number") {
    set("ring-ref", "8x");
    expected = "ring-ref";
  }
  SUBCASE("no port") {
    store.remove(std::string(kFront) + "/event-channel");
    expected = "event-channel";
  }
  SUBCASE("a port that is not its own for domain 0") {
    set("event-channel", "99");
    expected = "event-channel 99";
  }
  CHECK(state("3") == "2");
  CHECK(back("error").find(expected) != std::string::npos);
  CHECK(store.read("/local/domain/7/error/device/vbd/51712/error") == back("error"));
  CHECK(!backend->is_connected());
  CHECK(guest.grants.uses() == 0);
}

TEST_CASE_FIXTURE(Fixture, "what a front end changes after connecting is ignored until it reconnects") {
  offer_ring();
  CHECK(state("3") == "4");
  set("ring-ref", "500");
  set("event-channel", "999");
  set("protocol", "nonsense");
  set("ring-page-order", "4");
  CHECK(state("4") == "4");
  guest.request(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0)}));
  CHECK(wait_for_responses(1)[0].status == PV_BLKIF_RSP_OKAY);
  CHECK(state("6") == "6");
  CHECK(state("3") == "6");
}

TEST_CASE_FIXTURE(Fixture, "a broken ring switches the disk off, is logged a limited number of times, and can be mended") {
  for (int i = 0; i < 30; ++i) {
    offer_ring();
    CHECK(state("3") == "4");
    guest.req_prod += 33;
    guest.push();
    run();
    CHECK(!backend->is_connected());
    CHECK(back("state") == "5");
    CHECK(state("6") == "6");
    CHECK(state("1") == "2");
  }
  CHECK(log.size() == 10);
  CHECK(log[0].find("domain 7: disk xvda switched off") == 0);
  offer_ring();
  CHECK(state("3") == "4");
}

TEST_CASE_FIXTURE(Fixture, "connecting and closing thousands of times holds on to nothing") {
  offer_ring();
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(state("3") == "4");
    REQUIRE(state("6") == "6");
  }
  CHECK(guest.grants.uses() == 0);
  CHECK(ring_pages.size() == 0);
}

TEST_CASE("connecting and closing thousands of times with requests under way holds on to nothing and loses nothing") {
  constexpr int kRounds = 2000;
  const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  for (const bool threads : {false, true}) {
    Fixture f;
    f.backend.reset();
    f.io = threads ? std::make_unique<IoThreads>(f.reactor) : make_block_io(f.reactor);
    CAPTURE(f.io->name());
    f.start(DiskAccess::ReadWrite);
    const auto before = descriptors();
    for (int i = 0; i < kRounds; ++i) {
      f.offer_ring();
      REQUIRE(f.state("3") == "4");
      for (std::uint32_t k = 0; k < 8; ++k) f.guest.put(test_request(PV_BLKIF_OP_READ, k, k * 8, {test_segment(k)}));
      f.guest.put(test_request(PV_BLKIF_OP_WRITE, 8, 100, {test_segment(40)}));
      f.guest.put(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 9, 0, {}));
      f.guest.push();
      f.guest.run();
      if (i % 3 == 0) f.reactor.wait(0);  // some come back, some do not
      CHECK(f.io->in_flight() <= BlockConnection::kMaxInFlight + 1);
      REQUIRE(f.state(i % 2 == 0 ? "6" : "1") == (i % 2 == 0 ? "6" : "2"));
    }
    while (f.io->in_flight() > 0) f.reactor.wait(std::nullopt);
    f.run();
    CHECK(f.guest.grants.uses() == 0);
    CHECK(f.ring_pages.size() == 0);
    for (std::uint64_t frame = 0; frame < TestGuest::kRamPages; ++frame) CHECK(!f.guest.memory.is_pinned(GuestFrame{frame}));
    CHECK(descriptors() == before);
    f.offer_ring();
    REQUIRE(f.state("3") == "4");
    f.guest.request(test_request(PV_BLKIF_OP_READ, 1, 8, {test_segment(1)}));
    CHECK(f.wait_for_responses(1)[0].status == PV_BLKIF_RSP_OKAY);
    CHECK(f.guest.data(1, 0, 4096) == f.disk.read(8, 4096));
  }
}

TEST_CASE_FIXTURE(Fixture, "a chain-load ends the old connection and shows the disk anew") {
  offer_ring();
  CHECK(state("3") == "4");
  guest.request(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0)}));
  guest.run();
  backend->detach();
  CHECK(!backend->is_connected());
  while (io->in_flight() > 0) reactor.wait(std::nullopt);
  CHECK(guest.grants.uses() == 0);
  attach();
  CHECK(back("state") == "2");
  CHECK(store.read(std::string(kFront) + "/state") == "1");
  CHECK(!store.exists(std::string(kFront) + "/ring-ref"));
  offer_ring();
  CHECK(state("3") == "4");
}
