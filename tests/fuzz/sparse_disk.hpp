// SPDX-License-Identifier: MIT
// A disk made of a fuzz input, so that the image of a file system is small to mutate: four bytes say how many sectors it has,
// then come the sectors that are not all zeros, each behind four bytes with its number. disk_seeds.py writes this form. Numbers are
// little-endian; of a sector that is given twice the last counts, and what is cut short ends with zeros.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "fuzz/fuzz_input.hpp"
#include "parse/block_source.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {

class SparseDisk final : public BlockSource {
public:
  static constexpr std::size_t kSectorBytes = 512;
  static constexpr std::size_t kMostSectors = 1 << 17;

  explicit SparseDisk(std::span<const std::byte> input) : input_(input), sectors_(load_le32(input, 0) % kMostSectors) {
    for (std::size_t at = kNumberBytes; at < input.size(); at += kNumberBytes + kSectorBytes) place_of(at) = at + kNumberBytes;
  }
  ~SparseDisk() {
    for (std::size_t at = kNumberBytes; at < input_.size(); at += kNumberBytes + kSectorBytes) place_of(at) = 0;
  }
  SparseDisk(const SparseDisk&) = delete;
  SparseDisk& operator=(const SparseDisk&) = delete;

  Status read(std::uint64_t byte_offset, std::span<std::byte> out) override {
    ++reads;
    FUZZ_REQUIRE(byte_offset % kSectorBytes == 0 && out.size() % kSectorBytes == 0 && !out.empty());
    if (byte_offset > size_bytes() || out.size() > size_bytes() - byte_offset) return Status::OutOfRange;
    for (std::uint64_t sector = byte_offset / kSectorBytes; !out.empty(); ++sector, out = out.subspan(kSectorBytes)) {
      const std::size_t place = std::min<std::size_t>(places()[sector] == 0 ? input_.size() : places()[sector], input_.size());
      const std::size_t count = std::min(kSectorBytes, input_.size() - place);
      std::memcpy(out.data(), input_.data() + place, count);
      std::memset(out.data() + count, 0, kSectorBytes - count);
    }
    return Status::Ok;
  }
  std::uint64_t size_bytes() const override { return sectors_ * kSectorBytes; }

  std::uint64_t reads = 0;

private:
  static constexpr std::size_t kNumberBytes = 4;

  // Where each sector's content lies in the input, 0 for none. Shared by all disks, one after the other: too large to clear.
  static std::array<std::size_t, kMostSectors>& places() {
    static std::array<std::size_t, kMostSectors> table{};
    return table;
  }

  // Of the sector whose number stands at this place of the input.
  std::size_t& place_of(std::size_t at) { return places()[load_le32(input_, at) % kMostSectors]; }

  std::span<const std::byte> input_;
  std::uint64_t sectors_;
};

}  // namespace pvloader
