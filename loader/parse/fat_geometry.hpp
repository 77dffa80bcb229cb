// SPDX-License-Identifier: MIT
// Where things are in a FAT file system, from its boot sector, checked: what a FatGeometry says about sizes holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/block_source.hpp"

namespace pvloader {

struct FatGeometry {
    static constexpr std::size_t kBootSectorBytes = 512;
    static constexpr std::size_t kMaxSectorBytes = 4096;

    unsigned entry_bits = 12;  // of the table: 12, 16 or 32
    std::uint32_t sector_bits = 9;
    std::uint32_t cluster_bits = 9;     // a cluster is 1 << cluster_bits bytes
    std::uint64_t table_at = 0;         // byte where the table in use begins
    std::uint64_t data_at = 0;          // byte where cluster 2 begins
    std::uint32_t cluster_count = 0;    // clusters are 2 to cluster_count + 1
    std::uint32_t root_cluster = 0;     // FAT32
    std::uint64_t root_sector = 0;      // FAT12 and FAT16: the topmost directory has a place of its own
    std::uint32_t root_sectors = 0;
    std::uint32_t serial = 0;  // as `blkid` shows it in UUID=, high half first; 0 if there is none

    std::uint32_t cluster_bytes() const { return 1u << cluster_bits; }
    std::uint32_t sector_bytes() const { return 1u << sector_bits; }
    bool has_cluster(std::uint32_t cluster) const { return cluster >= 2 && cluster - 2 < cluster_count; }
    std::uint64_t byte_of(std::uint32_t cluster) const { return data_at + (std::uint64_t{cluster - 2} << cluster_bits); }
};

// `boot` is the first sector, kBootSectorBytes of it. NotRecognized, or Corrupt with what was found wrong.
Status read_fat_geometry(std::span<const std::byte> boot, FatGeometry& geometry, const char*& detail);

}  // namespace pvloader
