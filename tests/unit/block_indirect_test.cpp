// SPDX-License-Identifier: MIT
// Indirect requests: segments in a page of the guest's, which may hold anything and change at any time.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "devices/block/block_connection.hpp"
#include "support/block_connection_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kPageFrame = 4;
constexpr std::uint32_t kPageGrant = 90;

struct Fixture : BlockConnectionWorld {
  Fixture() { guest.grant(kPageGrant, kPageFrame, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY); }
  void put_segments(const std::vector<pv_blkif_request_segment>& segments) const {
    std::memcpy(guest.page(kPageFrame), segments.data(), segments.size() * sizeof(segments[0]));
  }
  /// One sector each, over the guest's 64 data pages again and again.
  [[nodiscard]] static std::vector<pv_blkif_request_segment> sectors(std::size_t count) {
    std::vector<pv_blkif_request_segment> out;
    for (std::uint32_t i = 0; i < count; ++i) out.push_back(test_segment(i % 64, static_cast<std::uint8_t>(i / 64), static_cast<std::uint8_t>(i / 64)));
    return out;
  }
  int ask_refused(const pv_blkif_request& request) {
    guest.request(request);
    guest.run();
    CHECK(io.held.empty());
    const auto all = guest.responses();
    REQUIRE(all.size() == 1);
    CHECK(all[0].operation == PV_BLKIF_OP_INDIRECT);
    return all[0].status;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an indirect read of 1 to 128 sectors brings each to its place") {
  for (std::uint16_t count = 1; count <= 128; ++count) {
    put_segments(sectors(count));
    const auto response = ask(test_indirect(PV_BLKIF_OP_READ, count, 0, count, kPageGrant));
    CHECK(response.id == count);
    CHECK(response.operation == PV_BLKIF_OP_INDIRECT);
    REQUIRE(response.status == PV_BLKIF_RSP_OKAY);
  }
  for (std::uint32_t i = 0; i < 128; ++i) CHECK(guest.data(i % 64, i / 64 * 512) == disk.read(i));
  CHECK(guest.grants.uses() == 1);  // the ring
}

TEST_CASE_FIXTURE(Fixture, "an indirect write of the most segments there may be fills the disk") {
  disk.truncate(256 * 512);
  reopen(DiskAccess::ReadWrite);
  for (std::uint32_t i = 0; i < 64; ++i) {
    for (std::uint32_t part = 0; part < 4; ++part) std::memset(guest.page(TestGuest::kDataFrame + i) + part * 512, static_cast<int>(i + part * 64), 512);
  }
  put_segments(sectors(256));
  CHECK(ask(test_indirect(PV_BLKIF_OP_WRITE, 1, 0, 256, kPageGrant)).status == PV_BLKIF_RSP_OKAY);
  for (std::uint32_t i = 0; i < 256; ++i) CHECK(disk.read(i) == std::string(512, static_cast<char>(i)));
}

TEST_CASE_FIXTURE(Fixture, "an indirect request of no kind or number of segments that is offered is refused") {
  put_segments(sectors(128));
  for (int operation = PV_BLKIF_OP_WRITE_BARRIER; operation <= 255; ++operation) {
    CHECK(ask_refused(test_indirect(static_cast<std::uint8_t>(operation), 1, 0, 8, kPageGrant)) == PV_BLKIF_RSP_ERROR);
  }
  for (const int count : {0, 257, 512, 65535}) {
    CHECK(ask_refused(test_indirect(PV_BLKIF_OP_READ, 1, 0, static_cast<std::uint16_t>(count), kPageGrant)) == PV_BLKIF_RSP_ERROR);
  }
}

TEST_CASE_FIXTURE(Fixture, "a page of segments that is not granted to domain 0 is refused") {
  put_segments(sectors(8));
  guest.grant(91, kPageFrame, PV_GTF_PERMIT_ACCESS, 3);
  guest.grant(92, 0xffff'ffff);
  guest.grant(93, TestGuest::kRamPages);  // shared info
  for (const std::uint32_t gref : {0U, 91U, 92U, 93U, 94U, 511U, 512U, ~0U}) {
    CHECK(ask_refused(test_indirect(PV_BLKIF_OP_READ, 1, 0, 8, gref)) == PV_BLKIF_RSP_ERROR);
  }
  CHECK(guest.grants.uses() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a bad segment anywhere refuses the whole request and gives all grants back") {
  for (const std::size_t bad : {0U, 1U, 10U, 11U, 63U, 126U, 127U}) {
    for (const auto& wrong : {test_segment(0, 5, 4), test_segment(0, 0, 8), pv_blkif_request_segment{500, 0, 0, {0, 0}},
                              pv_blkif_request_segment{~0U, 0, 0, {0, 0}}}) {
      auto segments = sectors(128);
      segments[bad] = wrong;
      put_segments(segments);
      CHECK(ask_refused(test_indirect(PV_BLKIF_OP_READ, 1, 0, 128, kPageGrant)) == PV_BLKIF_RSP_ERROR);
      CHECK(guest.grants.uses() == 1);
    }
  }
  CHECK(!guest.memory.is_pinned(GuestFrame(TestGuest::kDataFrame)));
}

TEST_CASE_FIXTURE(Fixture, "an indirect request beyond the end of the disk, or a write to a read-only one, is refused") {
  put_segments(sectors(128));
  CHECK(ask_refused(test_indirect(PV_BLKIF_OP_READ, 1, 1, 128, kPageGrant)) == PV_BLKIF_RSP_ERROR);
  CHECK(ask_refused(test_indirect(PV_BLKIF_OP_READ, 1, ~0ULL - 63, 128, kPageGrant)) == PV_BLKIF_RSP_ERROR);
  make_read_only();
  CHECK(ask_refused(test_indirect(PV_BLKIF_OP_WRITE, 1, 0, 128, kPageGrant)) == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_indirect(PV_BLKIF_OP_READ, 1, 0, 128, kPageGrant)).status == PV_BLKIF_RSP_OKAY);
}

TEST_CASE_FIXTURE(Fixture, "the page of segments is free again while the data moves") {
  put_segments(sectors(128));
  guest.request(test_indirect(PV_BLKIF_OP_READ, 1, 0, 128, kPageGrant));
  guest.run();
  REQUIRE(io.held.size() == 1);
  CHECK((guest.grant_flags(kPageGrant) & (PV_GTF_READING | PV_GTF_WRITING)) == 0);
  CHECK(guest.grants.uses() == 1 + 128);
  io.finish(128 * 512);
  CHECK(statuses() == std::vector<int>{PV_BLKIF_RSP_OKAY});
}

TEST_CASE_FIXTURE(Fixture, "the page of segments may itself be read into: what was copied before is what is done") {
  guest.grant(kPageGrant, kPageFrame);
  auto segments = sectors(9);
  for (auto& segment : segments) segment.gref = kPageGrant;
  for (std::uint8_t i = 0; i < 8; ++i) segments[i].first_sect = segments[i].last_sect = i;
  segments[8].first_sect = segments[8].last_sect = 0;
  put_segments(segments);
  CHECK(ask(test_indirect(PV_BLKIF_OP_READ, 1, 20, 9, kPageGrant)).status == PV_BLKIF_RSP_OKAY);
  CHECK(std::string(reinterpret_cast<const char*>(guest.page(kPageFrame)) + 512, 7 * 512) == disk.read(21, 7 * 512));
}
