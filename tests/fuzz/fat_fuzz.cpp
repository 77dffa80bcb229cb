// SPDX-License-Identifier: MIT
// FAT12, FAT16 and FAT32 file systems that mean harm: mounting, and reading whatever can be found.
#include <array>

#include "fuzz/walk_files.hpp"
#include "parse/fat.hpp"

using namespace pvloader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::byte, Fat::kScratchBytes> scratch;
  static Fat fat;
  SparseDisk disk(std::as_bytes(std::span(data, size)));
  const Status status = fat.mount(disk, scratch);
  if (status != Status::Ok) {
    FUZZ_REQUIRE(status != Status::Corrupt || fat.detail() != nullptr);
    FUZZ_REQUIRE(status != Status::NotMounted && status != Status::ScratchTooSmall);
    return 0;
  }
  const FatGeometry& geometry = fat.geometry();
  FUZZ_REQUIRE(geometry.entry_bits == 12 || geometry.entry_bits == 16 || geometry.entry_bits == 32);
  FUZZ_REQUIRE(geometry.cluster_count != 0 && geometry.cluster_bits >= geometry.sector_bits);
  FileWalk<Fat, FatFile, FatDirEntry, FatDirVisitor>(fat).visit();
  return 0;
}
