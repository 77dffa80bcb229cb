// SPDX-License-Identifier: MIT
// Partition tables that mean harm: what is found lies on the disk and does not overlap, and the search ends.
#include "fuzz/sparse_disk.hpp"
#include "parse/partitions.hpp"

using namespace pvloader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMostReads = 2000;
  static PartitionTable table;
  SparseDisk disk(std::as_bytes(std::span(data, size)));
  for (const std::uint32_t sector_bytes : {512u, 4096u}) {
    if (read_partitions(disk, table, sector_bytes) != Status::Ok) continue;
    FUZZ_REQUIRE(table.count <= PartitionTable::kMaxPartitions && disk.reads <= kMostReads);
    for (const Partition& partition : table.all()) {
      FUZZ_REQUIRE(partition.bytes != 0 && partition.first_byte < disk.size_bytes());
      FUZZ_REQUIRE(partition.bytes <= disk.size_bytes() - partition.first_byte);
      for (const Partition& other : table.all()) {
        const bool is_apart = partition.first_byte + partition.bytes <= other.first_byte ||
                              other.first_byte + other.bytes <= partition.first_byte;
        FUZZ_REQUIRE(is_apart || &other == &partition);
      }
    }
  }
  return 0;
}
