// SPDX-License-Identifier: MIT
// Discards and the statistics of a disk.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>

#include "devices/block/block_connection.hpp"
#include "support/block_connection_world.hpp"

using namespace pvisor;

namespace {

std::int64_t blocks_of(const TestDisk& disk) {
  struct stat status{};
  REQUIRE(::fstat(disk.fd(), &status) == 0);
  return status.st_blocks;
}

}  // namespace

TEST_CASE_FIXTURE(BlockConnectionWorld, "a discard leaves zeros in exactly its range, whatever its alignment, and keeps the file's size") {
  for (const auto& range : {std::pair{3, 2}, {8, 8}, {7, 10}, {127, 1}, {16, 64}}) {
    const auto [sector, count] = range;
    CAPTURE(range.first);  // not `sector`: clang 14 lets no lambda capture a structured binding
    std::string expected = disk.read(0, 65536);
    expected.replace(static_cast<std::size_t>(sector) * 512, static_cast<std::size_t>(count) * 512, static_cast<std::size_t>(count) * 512, '\0');
    const auto response = ask(test_discard(5, static_cast<std::uint64_t>(sector), static_cast<std::uint64_t>(count)));
    CHECK(response.status == PV_BLKIF_RSP_OKAY);
    CHECK(response.id == 5);
    CHECK(response.operation == PV_BLKIF_OP_DISCARD);
    CHECK(disk.read(0, 65536) == expected);
    CHECK(disk.read(0, 1 << 20).size() == 65536);
  }
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "discarding the whole disk gives its place back to the host") {
  REQUIRE(ask(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0)})).status == PV_BLKIF_RSP_OKAY);
  const auto before = blocks_of(disk);
  CHECK(ask(test_discard(2, 0, 128)).status == PV_BLKIF_RSP_OKAY);
  CHECK(blocks_of(disk) < before);
  CHECK(disk.read(0, 65536) == std::string(65536, '\0'));
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "a discard that is empty, beyond the disk or overflows reaches no file") {
  for (const auto& bad : {test_discard(1, 0, 0), test_discard(1, 0, 129), test_discard(1, 128, 1), test_discard(1, ~0ULL, 2),
                          test_discard(1, 2, ~0ULL), test_discard(1, 0, 8, PV_BLKIF_DISCARD_SECURE)}) {
    guest.request(bad);
    guest.run();
    CHECK(io.held.empty());
    CHECK(guest.responses().at(0).status < 0);
  }
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "a discard that the host cannot do is not supported, one that fails an error") {
  for (const auto& [result, status] : {std::pair{-EOPNOTSUPP, PV_BLKIF_RSP_EOPNOTSUPP}, {-EIO, PV_BLKIF_RSP_ERROR}, {-ENOSPC, PV_BLKIF_RSP_ERROR}}) {
    guest.request(test_discard(1, 0, 8));
    guest.run();
    io.finish(result);
    CHECK(statuses() == std::vector<int>{status});
  }
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "a read-only disk cannot be discarded") {
  make_read_only();
  const std::string before = disk.read(0, 65536);
  CHECK(ask(test_discard(1, 0, 8)).status == PV_BLKIF_RSP_EOPNOTSUPP);
  CHECK(disk.read(0, 65536) == before);
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "a disk counts what was done, what failed and what was refused") {
  CHECK(ask(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0), test_segment(1)})).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0, 0, 0)})).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0)})).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_discard(1, 0, 16)).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, 1, 0, {})).status == PV_BLKIF_RSP_OKAY);
  CHECK(ask(test_request(PV_BLKIF_OP_WRITE, 1, 128, {test_segment(0)})).status == PV_BLKIF_RSP_ERROR);
  CHECK(ask(test_request(200, 1, 0, {})).status == PV_BLKIF_RSP_EOPNOTSUPP);
  guest.request(test_request(PV_BLKIF_OP_WRITE, 1, 0, {test_segment(0)}));
  guest.run();
  io.finish(-EIO);
  CHECK(image->statistics().to_string() == "2 reads (9 KiB), 1 write (4 KiB), 1 discard (8 KiB), 1 flush, 1 failed, 2 refused");
}

TEST_CASE_FIXTURE(BlockConnectionWorld, "what ends after the disconnect is counted, too") {
  guest.request(test_request(PV_BLKIF_OP_READ, 1, 0, {test_segment(0)}));
  guest.run();
  connection.reset();
  io.execute_all();
  CHECK(image->statistics().reads.requests == 1);
}
