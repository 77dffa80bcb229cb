// SPDX-License-Identifier: MIT
// ext2, ext3 and ext4 file systems that mean harm: mounting, and reading whatever can be found.
#include <array>

#include "fuzz/walk_files.hpp"
#include "parse/ext.hpp"

using namespace pvloader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::byte, Ext::kScratchBytes> scratch;
  static Ext ext;
  SparseDisk disk(std::as_bytes(std::span(data, size)));
  const Status status = ext.mount(disk, scratch);
  if (status != Status::Ok) {
    FUZZ_REQUIRE(status != Status::Corrupt || ext.detail() != nullptr);
    FUZZ_REQUIRE(status != Status::NotMounted && status != Status::ScratchTooSmall);
    return 0;
  }
  FUZZ_REQUIRE(ext.refused_feature() == nullptr);
  FileWalk<Ext, ExtFile, ExtDirEntry, ExtDirVisitor>(ext).visit();
  return 0;
}
