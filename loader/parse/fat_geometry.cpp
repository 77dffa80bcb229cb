// SPDX-License-Identifier: MIT
// The boot sector. FAT has no mark of its own: it is recognized by a boot sector whose numbers are all possible.
#include "parse/fat_geometry.hpp"

#include <bit>

#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kMaxClusters12 = 4084;
constexpr std::uint32_t kMaxClusters16 = 65524;
constexpr std::uint32_t kMaxClusters32 = 0x0FFFFFF5;

// Not std::has_single_bit(): a CPU without popcnt would need the compiler's library for it.
constexpr bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

bool looks_like_fat(Bytes boot) {
    const std::uint8_t jump = load_u8(boot, 0);
    const std::uint16_t sector_bytes = load_le16(boot, 11);
    const std::uint8_t cluster_sectors = load_u8(boot, 13);
    const std::uint8_t media = load_u8(boot, 21);
    return load_le16(boot, 510) == 0xAA55 && (jump == 0xEB || jump == 0xE9) && is_power_of_two(sector_bytes) &&
           sector_bytes >= 512 && sector_bytes <= FatGeometry::kMaxSectorBytes && is_power_of_two(cluster_sectors) &&
           load_le16(boot, 14) != 0 && load_u8(boot, 16) != 0 && (media == 0xF0 || media >= 0xF8);
}

unsigned log2_of(std::uint32_t power) { return static_cast<unsigned>(std::countr_zero(power)); }

// Which copy of the table counts: FAT32 may say that only one is kept up to date.
std::uint32_t active_table(Bytes boot, bool is_fat32) {
    const std::uint16_t flags = is_fat32 ? load_le16(boot, 40) : std::uint16_t{0};
    return (flags & 0x80) != 0 ? flags & 0x0Fu : 0;
}

std::uint32_t serial_of(Bytes boot, bool is_fat32) {
    const std::size_t mark = is_fat32 ? 66 : 38;
    return load_u8(boot, mark) == 0x29 ? load_le32(boot, mark + 1) : 0;
}

}  // namespace

Status read_fat_geometry(Bytes boot, FatGeometry& geometry, const char*& detail) {
    if (!looks_like_fat(boot)) {
        return Status::NotRecognized;
    }
    const auto corrupt = [&detail](const char* what) {
        detail = what;
        return Status::Corrupt;
    };
    const std::uint32_t sector_bytes = load_le16(boot, 11);
    const std::uint32_t cluster_sectors = load_u8(boot, 13);
    const std::uint32_t reserved = load_le16(boot, 14);
    const std::uint32_t tables = load_u8(boot, 16);
    const std::uint32_t root_entries = load_le16(boot, 17);
    const bool is_fat32 = load_le16(boot, 22) == 0;
    const std::uint32_t table_sectors = is_fat32 ? load_le32(boot, 36) : load_le16(boot, 22);
    const std::uint32_t sectors = load_le16(boot, 19) != 0 ? load_le16(boot, 19) : load_le32(boot, 32);
    const std::uint32_t table = active_table(boot, is_fat32);
    if (is_fat32 && load_le16(boot, 42) != 0) {
        return corrupt("boot sector: unknown version");
    }
    if (table_sectors == 0 || table >= tables || (root_entries == 0) != is_fat32) {
        return corrupt("boot sector: table of clusters");
    }
    const std::uint32_t root_sectors = (root_entries * 32 + sector_bytes - 1) / sector_bytes;
    const std::uint64_t before_data = reserved + std::uint64_t{tables} * table_sectors + root_sectors;
    if (before_data >= sectors) {
        return corrupt("boot sector: size");
    }
    std::uint64_t clusters = (sectors - before_data) / cluster_sectors;
    geometry.entry_bits = is_fat32 ? 32 : clusters > kMaxClusters12 ? 16 : 12;
    const std::uint64_t in_table = std::uint64_t{table_sectors} * sector_bytes * 8 / geometry.entry_bits;
    clusters = in_table < clusters + 2 ? (in_table < 2 ? 0 : in_table - 2) : clusters;
    if (clusters == 0 || clusters > (is_fat32 ? kMaxClusters32 : kMaxClusters16)) {
        return corrupt("boot sector: number of clusters");
    }
    geometry.sector_bits = log2_of(sector_bytes);
    geometry.cluster_bits = geometry.sector_bits + log2_of(cluster_sectors);
    geometry.table_at = std::uint64_t{reserved + std::uint64_t{table} * table_sectors} * sector_bytes;
    geometry.data_at = before_data * sector_bytes;
    geometry.cluster_count = static_cast<std::uint32_t>(clusters);
    geometry.root_cluster = is_fat32 ? load_le32(boot, 44) : 0;
    geometry.root_sector = before_data - root_sectors;
    geometry.root_sectors = root_sectors;
    geometry.serial = serial_of(boot, is_fat32);
    if (is_fat32 && !geometry.has_cluster(geometry.root_cluster)) {
        return corrupt("boot sector: root directory");
    }
    return Status::Ok;
}

}  // namespace pvloader
