// SPDX-License-Identifier: MIT
// Decoding of block requests: what a guest may ask for, and every way to ask for something else.
#include "devices/block/block_request.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "support/block_test_world.hpp"

using namespace pvisor;

namespace {

constexpr DiskLimits kDisk{100, false};
constexpr DiskLimits kReadOnlyDisk{100, true};

bool is_transfer(const BlockRequest& request) { return std::holds_alternative<BlockTransfer>(request.action); }

int status_of(const BlockRequest& request) {
  const auto* const reject = std::get_if<BlockReject>(&request.action);
  return reject == nullptr ? PV_BLKIF_RSP_OKAY : reject->status;
}

}  // namespace

TEST_CASE("a read of two segments becomes one range of the disk and two parts of pages") {
  const auto request = decode_block_request(test_request(PV_BLKIF_OP_READ, 42, 10, {test_segment(0, 2, 5), test_segment(3)}), kDisk);
  CHECK(request.id == 42);
  CHECK(request.operation == PV_BLKIF_OP_READ);
  REQUIRE(is_transfer(request));
  const auto& transfer = std::get<BlockTransfer>(request.action);
  CHECK(transfer.direction == BlockTransfer::Direction::FromDisk);
  CHECK(transfer.offset == 5120);
  CHECK(transfer.length == 12 * 512);
  REQUIRE(transfer.segments().size() == 2);
  CHECK(transfer.segments()[0].grant == GrantRef(TestGuest::kDataGrant));
  CHECK(transfer.segments()[0].offset == 1024);
  CHECK(transfer.segments()[0].length == 2048);
  CHECK(transfer.segments()[1].offset == 0);
  CHECK(transfer.segments()[1].length == 4096);
}

TEST_CASE("a transfer needs 1 to 11 segments") {
  for (int count = 0; count <= 255; ++count) {
    auto entry = test_request(PV_BLKIF_OP_READ, 1, 0, {});
    for (auto& segment : entry.seg) segment = test_segment(0, 0, 0);
    entry.nr_segments = static_cast<std::uint8_t>(count);
    CHECK(is_transfer(decode_block_request(entry, kDisk)) == (count >= 1 && count <= 11));
  }
}

TEST_CASE("a segment lies inside its page and is not empty") {
  for (int first = 0; first <= 255; ++first) {
    for (int last = 0; last <= 255; ++last) {
      const auto segment = test_segment(0, static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last));
      const auto request = decode_block_request(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(1, 0, 0), segment}), kDisk);
      if (is_transfer(request) != (first <= last && last < 8)) FAIL("first ", first, " last ", last);
    }
  }
}

TEST_CASE("a transfer may end exactly at the end of the disk, and not one sector later") {
  CHECK(is_transfer(decode_block_request(test_request(PV_BLKIF_OP_READ, 1, 92, {test_segment(0)}), kDisk)));
  CHECK(status_of(decode_block_request(test_request(PV_BLKIF_OP_READ, 1, 93, {test_segment(0)}), kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode_block_request(test_request(PV_BLKIF_OP_READ, 1, 100, {test_segment(0)}), kDisk)) == PV_BLKIF_RSP_ERROR);
}

TEST_CASE("a sector number whose end or whose bytes overflow 64 bits is refused") {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t sector : {kLast, kLast - 7, kLast / 512, kLast / 512 + 1, std::uint64_t{1} << 55}) {
    const auto request = decode_block_request(test_request(PV_BLKIF_OP_WRITE, 1, sector, {test_segment(0)}), kDisk);
    CHECK(status_of(request) == PV_BLKIF_RSP_ERROR);
  }
}

TEST_CASE("a read-only disk refuses writes and lets reads and flushes through") {
  CHECK(status_of(decode_block_request(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0)}), kReadOnlyDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(is_transfer(decode_block_request(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0)}), kReadOnlyDisk)));
  CHECK(std::holds_alternative<BlockFlush>(decode_block_request(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 1, 0, {}), kReadOnlyDisk).action));
}

TEST_CASE("a flush that carries data is refused") {
  const auto entry = test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 1, 0, {test_segment(0)});
  CHECK(status_of(decode_block_request(entry, kDisk)) == PV_BLKIF_RSP_ERROR);
  CHECK(status_of(decode_block_request(entry, kReadOnlyDisk)) == PV_BLKIF_RSP_ERROR);
}

TEST_CASE("operations that are not offered are answered 'not supported' with the id they came with") {
  for (int operation = 0; operation <= 255; ++operation) {
    if (operation == PV_BLKIF_OP_READ || operation == PV_BLKIF_OP_WRITE || operation == PV_BLKIF_OP_FLUSH_DISKCACHE) continue;
    const auto id = 0xfeed'0000'0000'0000 + static_cast<std::uint64_t>(operation);
    const auto request = decode_block_request(test_request(static_cast<std::uint8_t>(operation), id, 0, {test_segment(0)}), kDisk);
    CHECK(status_of(request) == PV_BLKIF_RSP_EOPNOTSUPP);
    CHECK(request.id == id);
    CHECK(request.operation == operation);
  }
}
