// SPDX-License-Identifier: MIT
// The data path of the block device against correct and hostile front ends, and with an I/O that fails as the test says.
#include "devices/block/block_connection.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/block_connection_world.hpp"

using namespace pvisor;

namespace {

constexpr auto kRead = PV_BLKIF_OP_READ;
constexpr auto kWrite = PV_BLKIF_OP_WRITE;
constexpr auto kFlush = PV_BLKIF_OP_FLUSH_DISKCACHE;

using Fixture = BlockConnectionWorld;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a read brings sectors into the granted parts of pages and nowhere else") {
  std::memset(guest.page(TestGuest::kDataFrame), 0x5a, 4096);
  const auto response = ask(test_request(kRead, 77, 3, {test_segment(0, 2, 3), test_segment(1, 0, 0)}));
  CHECK(response.id == 77);
  CHECK(response.operation == kRead);
  CHECK(response.status == PV_BLKIF_RSP_OKAY);
  CHECK(guest.data(0, 0, 1024) == std::string(1024, 0x5a));
  CHECK(guest.data(0, 1024, 1024) == disk.read(3, 1024));
  CHECK(guest.data(0, 2048, 2048) == std::string(2048, 0x5a));
  CHECK(guest.data(1) == disk.read(5));
}

TEST_CASE_FIXTURE(Fixture, "a write brings the granted sectors to the disk, from a read-only grant, too") {
  guest.grant(50, TestGuest::kDataFrame, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY);
  std::memset(guest.page(TestGuest::kDataFrame), 0x77, 4096);
  CHECK(ask(test_request(kWrite, 1, 9, {{50, 0, 0, {0, 0}}})).status == PV_BLKIF_RSP_OKAY);
  CHECK(disk.read(8) == std::string(512, 9));
  CHECK(disk.read(9) == std::string(512, 0x77));
  CHECK(disk.read(10) == std::string(512, 11));
}

TEST_CASE_FIXTURE(Fixture, "a read into a read-only grant is refused") {
  guest.grant(50, TestGuest::kDataFrame, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY);
  CHECK(ask(test_request(kRead, 1, 9, {{50, 0, 0, {0, 0}}})).status == PV_BLKIF_RSP_ERROR);
}

TEST_CASE_FIXTURE(Fixture, "a bad grant in any of eleven segments refuses the whole request and gives all grants back") {
  const auto before = guest.grants.uses();
  for (std::uint32_t bad = 0; bad < 11; ++bad) {
    for (const std::uint32_t gref : {0U, 500U, 511U, 512U, 0xffff'ffffU}) {
      auto request = test_request(kRead, bad, 0, {});
      request.nr_segments = 11;
      for (std::uint32_t i = 0; i < 11; ++i) request.seg[i] = test_segment(i);
      request.seg[bad].gref = gref;
      guest.request(request);
      guest.run();
      CHECK(io.held.empty());
      CHECK(statuses().empty() == false);
      CHECK(guest.grants.uses() == before);
    }
  }
  CHECK(!guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
}

TEST_CASE_FIXTURE(Fixture, "a grant for another domain is refused") {
  guest.grant(50, TestGuest::kDataFrame, PV_GTF_PERMIT_ACCESS, 3);
  CHECK(ask(test_request(kRead, 1, 0, {{50, 0, 0, {0, 0}}})).status == PV_BLKIF_RSP_ERROR);
}

TEST_CASE_FIXTURE(Fixture, "one grant may serve all segments, and its uses return to none") {
  const auto before = guest.grants.uses();
  auto request = test_request(kRead, 1, 40, {});
  request.nr_segments = 8;
  for (std::uint8_t i = 0; i < 8; ++i) request.seg[i] = test_segment(0, i, i);
  CHECK(ask(request).status == PV_BLKIF_RSP_OKAY);
  CHECK(guest.data(0, 0, 4096) == disk.read(40, 4096));
  request.operation = kWrite;
  request.sector_number = 80;
  CHECK(ask(request).status == PV_BLKIF_RSP_OKAY);
  CHECK(disk.read(80, 4096) == disk.read(40, 4096));
  CHECK(guest.grants.uses() == before);
}

TEST_CASE_FIXTURE(Fixture, "grants are in use until the data has moved, and free when the response is seen") {
  guest.request(test_request(kRead, 1, 0, {test_segment(0)}));
  guest.run();
  CHECK((guest.grant_flags(TestGuest::kDataGrant) & PV_GTF_WRITING) != 0);
  CHECK(guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
  io.execute();
  CHECK((guest.grant_flags(TestGuest::kDataGrant) & (PV_GTF_READING | PV_GTF_WRITING)) == 0);
  CHECK(!guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY});
}

TEST_CASE_FIXTURE(Fixture, "requests outside the disk or malformed reach no file") {
  std::vector<pv_blkif_request> bad{
      test_request(kWrite, 1, 121, {test_segment(0)}),
      test_request(kWrite, 1, ~0ULL, {test_segment(0)}),
      test_request(kRead, 1, 0, {}),
      test_request(kRead, 1, 0, {test_segment(0, 5, 4)}),
      test_request(kRead, 1, 0, {test_segment(0, 0, 8)}),
      test_request(kFlush, 1, 0, {test_segment(0)}),
      test_request(200, 1, 0, {test_segment(0)}),
  };
  for (const auto& request : bad) {
    guest.request(request);
    guest.run();
    CHECK(io.held.empty());
    CHECK(statuses() == std::vector<int>{request.operation == 200 ? PV_BLKIF_RSP_EOPNOTSUPP : PV_BLKIF_RSP_ERROR});
  }
}

TEST_CASE_FIXTURE(Fixture, "a read-only disk answers writes with an error and keeps its bytes") {
  make_read_only();
  const std::string before = disk.read(0, 65536);
  CHECK(ask(test_request(kWrite, 1, 0, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(kFlush, 2, 0, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(PV_BLKIF_OP_DISCARD, 3, 0, {test_segment(0)})).status == PV_BLKIF_RSP_EOPNOTSUPP);
  CHECK(ask(test_request(kRead, 4, 0, {test_segment(0)})).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_request(kFlush, 5, 0, {})).status == PV_BLKIF_RSP_OKAY);
  CHECK(disk.read(0, 65536) == before);
}

TEST_CASE_FIXTURE(Fixture, "response padding is zero whatever the ring page held") {
  std::memset(reinterpret_cast<std::byte*>(&guest.ring()) + PV_RING_HEADER_SIZE, 0xa5, 4096 - PV_RING_HEADER_SIZE);
  const auto response = ask(test_request(99, 0x1122334455667788, 0, {}));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&response);
  CHECK(bytes[9] == 0);
  for (int i = 12; i < 16; ++i) CHECK(bytes[i] == 0);
}

TEST_CASE_FIXTURE(Fixture, "a full ring of the largest requests is answered, with one notification for a batch") {
  for (std::uint32_t i = 0; i < PV_BLKIF_RING_ENTRIES; ++i) {
    auto request = test_request(kRead, i, 0, {});
    request.nr_segments = 11;
    for (std::uint32_t s = 0; s < 11; ++s) request.seg[s] = test_segment((i + s) % 64);
    guest.put(request);
  }
  guest.push();
  guest.run();
  CHECK(io.held.size() == PV_BLKIF_RING_ENTRIES);
  const auto before = guest.notifications();
  io.execute_all();
  guest.run();
  CHECK(guest.notifications() == before + 1);
  const auto responses = guest.responses();
  REQUIRE(responses.size() == PV_BLKIF_RING_ENTRIES);
  for (std::uint32_t i = 0; i < PV_BLKIF_RING_ENTRIES; ++i) {
    CHECK(responses[i].id == i);
    CHECK(responses[i].status == PV_BLKIF_RSP_OKAY);
  }
}

TEST_CASE_FIXTURE(Fixture, "the same id on every request in flight gives as many responses") {
  for (std::uint32_t i = 0; i < PV_BLKIF_RING_ENTRIES; ++i) guest.put(test_request(kRead, 5, i, {test_segment(i, 0, 0)}));
  guest.push();
  guest.run();
  io.execute_all();
  CHECK(statuses() == std::vector<int>(PV_BLKIF_RING_ENTRIES, PV_BLKIF_RSP_OKAY));
}

TEST_CASE("ring indices may wrap while requests are in flight") {
  Fixture f;
  f.connection.reset();
  f.guest.start_ring(0xffff'fff0);
  f.connect();
  for (std::uint32_t i = 0; i < 100; ++i) {
    REQUIRE(f.ask(test_request(kRead, i, i, {test_segment(0, 0, 0)})).status == PV_BLKIF_RSP_OKAY);
    CHECK(f.guest.data(0) == f.disk.read(i));
  }
}

TEST_CASE_FIXTURE(Fixture, "an impossible request index switches the device off and nothing is consumed") {
  SUBCASE("one too far") { guest.req_prod = PV_BLKIF_RING_ENTRIES + 1; }
  SUBCASE("backwards") { guest.req_prod = ~0U; }
  guest.push();
  guest.run();
  CHECK(broken);
  CHECK(connection == nullptr);
  CHECK(io.held.empty());
  CHECK(guest.grants.uses() == 0);
  CHECK(ring_pages.size() == 0);
  guest.push();  // the port is quiet now
  guest.run();
}

TEST_CASE_FIXTURE(Fixture, "random ring pages never harm more than their own device") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    auto* const words = reinterpret_cast<std::uint32_t*>(&guest.ring());
    for (std::size_t i = 16; i < 4096 / 4; ++i) words[i] = static_cast<std::uint32_t>(random() & random());
    guest.req_prod += static_cast<std::uint32_t>(random() % 40);
    guest.push();
    guest.run();
    while (!io.held.empty()) io.finish(static_cast<std::int64_t>(random() % 3) - 1);
    guest.run();
    if (connection == nullptr) {
      guest.start_ring(static_cast<std::uint32_t>(random()));
      connect();
      REQUIRE(connection != nullptr);
    }
  }
  connection.reset();
  CHECK(guest.grants.uses() == 0);
}

TEST_CASE_FIXTURE(Fixture, "an error of the host fails exactly the request it hit") {
  for (std::uint32_t i = 0; i < 3; ++i) guest.put(test_request(kWrite, i, i, {test_segment(0, 0, 0)}));
  guest.push();
  guest.run();
  io.finish(512);
  io.finish(-EIO);
  io.finish(512);
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY, PV_BLKIF_RSP_ERROR, PV_BLKIF_RSP_OKAY});
  guest.request(test_request(kWrite, 9, 0, {test_segment(0, 0, 0)}));
  guest.run();
  io.finish(-ENOSPC);
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_ERROR});
  CHECK(ask(test_request(kWrite, 10, 0, {test_segment(0, 0, 0)})).status == PV_BLKIF_RSP_OKAY);
}

TEST_CASE_FIXTURE(Fixture, "a file that became shorter gives errors, not zeros") {
  disk.truncate(64 * 512);
  CHECK(ask(test_request(kRead, 1, 60, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(kRead, 2, 100, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(kRead, 3, 0, {test_segment(0)})).status == PV_BLKIF_RSP_OKAY);
}

TEST_CASE_FIXTURE(Fixture, "after one failed flush all later ones fail, also after a reconnect, until the image is opened anew") {
  guest.request(test_request(kFlush, 1, 0, {}));
  guest.run();
  io.finish(-EIO);
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_ERROR});
  CHECK(ask(test_request(kFlush, 2, 0, {})).status == PV_BLKIF_RSP_ERROR);
  guest.start_ring(0);
  connect();
  CHECK(ask(test_request(kFlush, 3, 0, {})).status == PV_BLKIF_RSP_ERROR);
  connection.reset();
  io.held.clear();
  image.reset();
  image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  guest.start_ring(0);
  connect();
  CHECK(ask(test_request(kFlush, 4, 0, {})).status == PV_BLKIF_RSP_OKAY);
}

TEST_CASE_FIXTURE(Fixture, "with cache=unsafe a flush is answered at once and reaches no file") {
  connection.reset();
  image.reset();
  image = DiskImage::open(disk.path(), DiskAccess::ReadWrite, FileRoot::whole(), {.cache = DiskCache::Unsafe});
  CHECK(image->note().find("flushes do nothing") != std::string::npos);
  connect();
  guest.request(test_request(kFlush, 1, 0, {}));
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY});
  CHECK(io.held.empty());
}

TEST_CASE_FIXTURE(Fixture, "flushes do not overtake each other: those that come meanwhile share the next one") {
  for (std::uint64_t id = 1; id <= 3; ++id) guest.put(test_request(kFlush, id, 0, {}));
  guest.push();
  guest.run();
  CHECK(io.held.size() == 1);
  SUBCASE("all succeed") {
    io.finish(0);
    CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY});
    CHECK(io.held.size() == 1);
    io.finish(0);
    CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY, PV_BLKIF_RSP_OKAY});
  }
  SUBCASE("the first fails and with it all") {
    io.finish(-EIO);
    CHECK(statuses() == std::vector<int>(3, PV_BLKIF_RSP_ERROR));
    CHECK(io.held.empty());
  }
}

TEST_CASE_FIXTURE(Fixture, "requests in flight end quietly after a disconnect, and a reconnect works at once") {
  guest.put(test_request(kRead, 1, 0, {test_segment(0)}));
  guest.put(test_request(kFlush, 2, 0, {}));
  guest.push();
  guest.run();
  connection.reset();
  CHECK(guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
  guest.start_ring(0);
  connect();
  REQUIRE(connection != nullptr);
  guest.request(test_request(kRead, 3, 5, {test_segment(1)}));
  guest.run();
  CHECK(io.held.size() == 3);
  io.execute_all();
  guest.run();
  const auto responses = guest.responses();
  REQUIRE(responses.size() == 1);
  CHECK(responses[0].id == 3);
  CHECK(!guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
  CHECK(guest.grants.uses() == 1);  // the ring
}

TEST_CASE_FIXTURE(Fixture, "a front end that connects again and again to a slow disk has two ringfuls under way, and is served in the end") {
  for (int round = 0; round < 100; ++round) {
    guest.start_ring(0);
    connect();
    REQUIRE(connection != nullptr);
    for (std::uint32_t i = 0; i < PV_BLKIF_RING_ENTRIES; ++i) guest.put(test_request(kRead, i, i, {test_segment(i, 0, 0)}));
    guest.push();
    guest.run();
    CHECK(io.held.size() <= BlockConnection::kMaxInFlight);
  }
  CHECK(io.held.size() == BlockConnection::kMaxInFlight);
  std::size_t answered = 0;
  while (!io.held.empty()) {
    io.execute_all();
    guest.run();
    answered += guest.responses().size();
  }
  CHECK(answered == PV_BLKIF_RING_ENTRIES);
  connection.reset();
  CHECK(guest.grants.uses() == 0);
}

TEST_CASE("requests in flight outlive their guest") {
  HeldBlockIo io;
  std::weak_ptr<FakeRam> ram;
  {
    Fixture f;
    f.guest.request(test_request(kRead, 1, 0, {test_segment(0)}));
    f.guest.run();
    ram = f.guest.ram;
    f.connection.reset();
    io.held.swap(f.io.held);
  }
  REQUIRE(io.held.size() == 1);
  CHECK(!ram.expired());
  io.finish(4096);
  CHECK(ram.expired());
}

TEST_CASE_FIXTURE(Fixture, "a ring of no use is refused with its reason") {
  connection.reset();
  const auto refused = [&](std::uint32_t ref, Port port) {
    error.clear();
    CHECK(BlockConnection::open(setup(), GrantRef(ref), port, error) == nullptr);
    CHECK(!error.empty());
    CHECK(guest.grants.uses() == 0);
    CHECK(ring_pages.size() == 0);
  };
  guest.grant(100, 1, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY);
  guest.grant(101, 1, PV_GTF_PERMIT_ACCESS, 5);
  guest.grant(102, TestGuest::kRamPages);  // shared info
  guest.grant(103, 0xffff'ffff);
  for (const std::uint32_t ref : {99U, 100U, 101U, 102U, 103U, 4096U, ~0U}) refused(ref, guest.port);
  for (const std::uint32_t port : {0U, 77U, 4096U, ~0U}) refused(TestGuest::kRingGrant, Port(port));
  guest.ring().header.req_prod = 33;
  refused(TestGuest::kRingGrant, guest.port);
}

TEST_CASE_FIXTURE(Fixture, "a page that is a ring already does not become a second one, by whatever grant") {
  guest.grant(100, TestGuest::kRingFrame);
  const Port second(static_cast<std::uint32_t>(guest.events.alloc_unbound(kMonitorDomain)));
  for (const std::uint32_t ref : {TestGuest::kRingGrant, 100U}) {
    CHECK(BlockConnection::open(setup(), GrantRef(ref), second, error) == nullptr);
    CHECK(error.find("another device") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "the ring's grant is in use while connected and may be rewritten without effect") {
  CHECK((guest.grant_flags(TestGuest::kRingGrant) & PV_GTF_WRITING) != 0);
  guest.grant(TestGuest::kRingGrant, 60, PV_GTF_PERMIT_ACCESS | PV_GTF_READING | PV_GTF_WRITING);
  CHECK(ask(test_request(kRead, 1, 0, {test_segment(0)})).status == PV_BLKIF_RSP_OKAY);
  connection.reset();
  CHECK((guest.grant_flags(TestGuest::kRingGrant) & (PV_GTF_READING | PV_GTF_WRITING)) == 0);
}

TEST_CASE_FIXTURE(Fixture, "requests that were there before the connection are served") {
  connection.reset();
  guest.start_ring(0);
  guest.put(test_request(kRead, 1, 0, {test_segment(0)}));
  guest.ring().header.req_prod = guest.req_prod;
  connect();
  io.execute_all();
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY});
}
