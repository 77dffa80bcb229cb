// SPDX-License-Identifier: MIT
// Decoding of block requests: what a guest may ask for, and every way to ask for something else.
#include "devices/block/block_request.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "support/block_test_world.hpp"

using namespace pvisor;

namespace {

constexpr DiskLimits kDisk{100, false};
constexpr DiskLimits kReadOnlyDisk{100, true};

BlockRequest decode(const pv_blkif_request& entry, const DiskLimits& limits) {
  static BlockSegmentRoom room;
  return decode_block_request(entry, limits, room);
}

bool is_transfer(const BlockRequest& request) { return std::holds_alternative<BlockTransfer>(request.action); }

int status_of(const BlockRequest& request) {
  const auto* const reject = std::get_if<BlockReject>(&request.action);
  return reject == nullptr ? PV_BLKIF_RSP_OKAY : reject->status;
}

}  // namespace

TEST_CASE("a read of two segments becomes one range of the disk and two parts of pages") {
  const auto request = decode(test_request(PV_BLKIF_OP_READ, 42, 10, {test_segment(0, 2, 5), test_segment(3)}), kDisk);
  CHECK(request.id == 42);
  CHECK(request.operation == PV_BLKIF_OP_READ);
  REQUIRE(is_transfer(request));
  const auto& transfer = std::get<BlockTransfer>(request.action);
  CHECK(transfer.direction == BlockDirection::FromDisk);
  CHECK(transfer.offset == 5120);
  CHECK(transfer.length == 12 * 512);
  REQUIRE(transfer.segments.size() == 2);
  CHECK(transfer.segments[0].grant == GrantRef(TestGuest::kDataGrant));
  CHECK(transfer.segments[0].offset == 1024);
  CHECK(transfer.segments[0].length == 2048);
  CHECK(transfer.segments[1].offset == 0);
  CHECK(transfer.segments[1].length == 4096);
}

TEST_CASE("a transfer needs 1 to 11 segments") {
  for (int count = 0; count <= 255; ++count) {
    auto entry = test_request(PV_BLKIF_OP_READ, 1, 0, {});
    for (auto& segment : entry.seg) segment = test_segment(0, 0, 0);
    entry.nr_segments = static_cast<std::uint8_t>(count);
    CHECK(is_transfer(decode(entry, kDisk)) == (count >= 1 && count <= 11));
  }
}

TEST_CASE("a segment lies inside its page and is not empty") {
  for (int first = 0; first <= 255; ++first) {
    for (int last = 0; last <= 255; ++last) {
      const auto segment = test_segment(0, static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last));
      const auto request = decode(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(1, 0, 0), segment}), kDisk);
      if (is_transfer(request) != (first <= last && last < 8)) FAIL("first ", first, " last ", last);
    }
  }
}

TEST_CASE("a transfer may end exactly at the end of the disk, and not one sector later") {
  CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_READ, 1, 92, {test_segment(0)}), kDisk)));
  CHECK(status_of(decode(test_request(PV_BLKIF_OP_READ, 1, 93, {test_segment(0)}), kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode(test_request(PV_BLKIF_OP_READ, 1, 100, {test_segment(0)}), kDisk)) == PV_BLKIF_RSP_ERROR);
}

TEST_CASE("a sector number whose end or whose bytes overflow 64 bits is refused") {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t sector : {kLast, kLast - 7, kLast / 512, kLast / 512 + 1, std::uint64_t{1} << 55}) {
    const auto request = decode(test_request(PV_BLKIF_OP_WRITE, 1, sector, {test_segment(0)}), kDisk);
    CHECK(status_of(request) == PV_BLKIF_RSP_ERROR);
  }
}

TEST_CASE("a read-only disk refuses writes and lets reads and flushes through") {
  CHECK(status_of(decode(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0)}), kReadOnlyDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0)}), kReadOnlyDisk)));
  CHECK(std::holds_alternative<BlockFlush>(decode(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 1, 0, {}), kReadOnlyDisk).action));
}

TEST_CASE("a flush that carries data is refused") {
  const auto entry = test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 1, 0, {test_segment(0)});
  CHECK(status_of(decode(entry, kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode(entry, kReadOnlyDisk)) == PV_BLKIF_RSP_ERROR);
}

TEST_CASE("operations that are not offered are answered 'not supported' with the id they came with") {
  for (int operation = 0; operation <= 255; ++operation) {
    constexpr std::array kOffered{PV_BLKIF_OP_READ, PV_BLKIF_OP_WRITE, PV_BLKIF_OP_FLUSH_DISKCACHE, PV_BLKIF_OP_DISCARD, PV_BLKIF_OP_INDIRECT};
    if (std::find(kOffered.begin(), kOffered.end(), operation) != kOffered.end()) continue;
    const auto id = 0xfeed'0000'0000'0000 + static_cast<std::uint64_t>(operation);
    const auto request = decode(test_request(static_cast<std::uint8_t>(operation), id, 0, {test_segment(0)}), kDisk);
    CHECK(status_of(request) == PV_BLKIF_RSP_EOPNOTSUPP);
    CHECK(request.id == id);
    CHECK(request.operation == operation);
  }
}

TEST_CASE("a discard names a range inside the disk that is not empty") {
  const auto request = decode(test_discard(7, 3, 5), kDisk);
  CHECK(request.id == 7);
  CHECK(request.operation == PV_BLKIF_OP_DISCARD);
  REQUIRE(std::holds_alternative<BlockDiscard>(request.action));
  CHECK(std::get<BlockDiscard>(request.action).offset == 3 * 512);
  CHECK(std::get<BlockDiscard>(request.action).length == 5 * 512);
  CHECK(std::holds_alternative<BlockDiscard>(decode(test_discard(1, 0, 100), kDisk).action));
  CHECK(status_of(decode(test_discard(1, 0, 0), kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode(test_discard(1, 0, 101), kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode(test_discard(1, 100, 1), kDisk)) == PV_BLKIF_RSP_ERROR);
}

TEST_CASE("a discard whose end or whose bytes overflow 64 bits is refused") {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t big : {kLast, kLast - 1, kLast / 512 + 1, std::uint64_t{1} << 55, std::uint64_t{1} << 63}) {
    CHECK(status_of(decode(test_discard(1, big, 1), kDisk)) == PV_BLKIF_RSP_ERROR);
    CHECK(status_of(decode(test_discard(1, 1, big), kDisk)) == PV_BLKIF_RSP_ERROR);
    CHECK(status_of(decode(test_discard(1, big, big), kDisk)) == PV_BLKIF_RSP_ERROR);
  }
}

TEST_CASE("a discard with a flag, or of a read-only disk, is not supported") {
  for (int flag = 1; flag <= 255; ++flag) {
    CHECK(status_of(decode(test_discard(1, 0, 8, static_cast<std::uint8_t>(flag)), kDisk)) == PV_BLKIF_RSP_EOPNOTSUPP);
  }
  CHECK(status_of(decode(test_discard(1, 0, 8), kReadOnlyDisk)) == PV_BLKIF_RSP_EOPNOTSUPP);
}

TEST_CASE("an indirect request tells where its segments are") {
  const auto request = decode(test_indirect(PV_BLKIF_OP_WRITE, 9, 4, 256, 33), kDisk);
  CHECK(request.id == 9);
  CHECK(request.operation == PV_BLKIF_OP_INDIRECT);
  REQUIRE(std::holds_alternative<BlockIndirect>(request.action));
  const auto& indirect = std::get<BlockIndirect>(request.action);
  CHECK(indirect.direction == BlockDirection::ToDisk);
  CHECK(indirect.first_sector == 4);
  CHECK(indirect.count == 256);
  CHECK(indirect.page == GrantRef(33));
}

TEST_CASE("an indirect request that is neither read nor write, or has no segments or too many, is refused") {
  for (int operation = 2; operation <= 255; ++operation) {
    CHECK(status_of(decode(test_indirect(static_cast<std::uint8_t>(operation), 1, 0, 8, 33), kDisk)) == PV_BLKIF_RSP_ERROR);
  }
  for (const int count : {0, 257, 512, 513, 4096, 65535}) {
    CHECK(status_of(decode(test_indirect(PV_BLKIF_OP_READ, 1, 0, static_cast<std::uint16_t>(count), 33), kDisk)) == PV_BLKIF_RSP_ERROR);
  }
}

TEST_CASE("segments of an indirect request are judged as those of an entry") {
  BlockSegmentRoom room;
  const BlockIndirect read{BlockDirection::FromDisk, 10, 3, GrantRef(33)};
  std::vector<pv_blkif_request_segment> segments{test_segment(0), test_segment(1, 3, 3), test_segment(2)};
  const auto action = decode_indirect_segments(read, segments, kDisk, room);
  REQUIRE(std::holds_alternative<BlockTransfer>(action));
  const auto& transfer = std::get<BlockTransfer>(action);
  CHECK(transfer.offset == 5120);
  CHECK(transfer.length == 17 * 512);
  REQUIRE(transfer.segments.size() == 3);
  CHECK(transfer.segments[1].offset == 3 * 512);
  const auto is_refused = [&](const BlockIndirect& indirect, const DiskLimits& limits) {
    return std::holds_alternative<BlockReject>(decode_indirect_segments(indirect, segments, limits, room));
  };
  CHECK(!is_refused({BlockDirection::FromDisk, 83, 3, GrantRef(33)}, kDisk));
  CHECK(is_refused({BlockDirection::FromDisk, 84, 3, GrantRef(33)}, kDisk));
  CHECK(is_refused({BlockDirection::FromDisk, std::numeric_limits<std::uint64_t>::max(), 3, GrantRef(33)}, kDisk));
  CHECK(is_refused({BlockDirection::ToDisk, 10, 3, GrantRef(33)}, kReadOnlyDisk));
  for (auto& segment : segments) {
    const auto good = segment;
    segment = test_segment(0, 5, 4);
    CHECK(is_refused(read, kDisk));
    segment = test_segment(0, 0, 8);
    CHECK(is_refused(read, kDisk));
    segment = good;
  }
}

TEST_CASE("on a disk of 4096-byte sectors only whole ones are transferred and discarded, in whole pages") {
  constexpr DiskLimits kLarge{96, false, 4096};
  CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_WRITE, 1, 88, {test_segment(0)}), kLarge)));
  CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_READ, 1, 8, {test_segment(0), test_segment(1)}), kLarge)));
  for (std::uint8_t first = 0; first < 8; ++first) {
    for (std::uint8_t last = first; last < 8; ++last) {
      const bool whole = first == 0 && last == 7;
      CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0, first, last)}), kLarge)) == whole);
    }
  }
  for (std::uint64_t sector = 0; sector < 24; ++sector) {
    CHECK(is_transfer(decode(test_request(PV_BLKIF_OP_WRITE, 1, sector, {test_segment(0)}), kLarge)) == (sector % 8 == 0));
    CHECK(std::holds_alternative<BlockDiscard>(decode(test_discard(1, sector, 8), kLarge).action) == (sector % 8 == 0));
    CHECK(std::holds_alternative<BlockDiscard>(decode(test_discard(1, 8, sector), kLarge).action) == (sector != 0 && sector % 8 == 0));
  }
}
