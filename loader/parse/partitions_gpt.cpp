// SPDX-License-Identifier: MIT
// The GUID partition table: a header in sector 1, another in the last sector, and an array of entries behind each.
//
// A header counts only when its own checksum and that of all its entries are right.
#include "parse/partitions_formats.hpp"

#include <algorithm>
#include <array>

#include "parse/crc32.hpp"
#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

constexpr std::uint64_t kSignature = 0x5452415020494645;  // "EFI PART"
constexpr std::size_t kSmallestHeader = 92;
constexpr std::size_t kHeaderCrcAt = 16;
constexpr std::uint32_t kSmallestEntry = 128;
constexpr std::size_t kChunkBytes = 4096;  // also the largest entry: an entry never crosses a chunk
constexpr std::uint64_t kLargestArray = 1 << 20;
constexpr std::uint8_t kTypeGpt = 0xEE;

struct Header {
    std::uint64_t entries_at = 0;  // byte offset
    std::uint32_t entry_bytes = 0;
    std::uint32_t entry_count = 0;
    std::uint32_t entries_crc = 0;

    std::uint64_t array_bytes() const { return std::uint64_t{entry_bytes} * entry_count; }
};

bool header_crc_is_right(std::span<const std::byte> header) {
    constexpr std::array<std::byte, 4> kZeros{};
    std::uint32_t crc = crc32_update(0, header.first(kHeaderCrcAt));
    crc = crc32_update(crc, kZeros);
    crc = crc32_update(crc, header.subspan(kHeaderCrcAt + 4));
    return crc == load_le32(header, kHeaderCrcAt);
}

Status read_header(BlockSource& disk, std::uint64_t sector, std::uint32_t sector_bytes, Header& header) {
    std::array<std::byte, kChunkBytes> buffer;
    const auto bytes = std::span(buffer).first(sector_bytes);
    if (const Status status = disk.read(sector * sector_bytes, bytes); status != Status::Ok) {
        return status;
    }
    const std::uint32_t header_bytes = load_le32(bytes, 12);
    if (load_le64(bytes, 0) != kSignature || header_bytes < kSmallestHeader || header_bytes > sector_bytes ||
        !header_crc_is_right(bytes.first(header_bytes)) || load_le64(bytes, 24) != sector) {
        return Status::Corrupt;
    }
    header.entry_count = load_le32(bytes, 80);
    header.entry_bytes = load_le32(bytes, 84);
    header.entries_crc = load_le32(bytes, 88);
    const bool entry_size_fits = header.entry_bytes >= kSmallestEntry && header.entry_bytes <= kChunkBytes &&
                                 (header.entry_bytes & (header.entry_bytes - 1)) == 0;
    if (!entry_size_fits || header.entry_count == 0 || header.array_bytes() > kLargestArray) {
        return Status::Corrupt;
    }
    const std::uint64_t first = load_le64(bytes, 72);
    const std::uint64_t disk_sectors = disk.size_bytes() / sector_bytes;
    if (first == 0 || first >= disk_sectors || header.array_bytes() > (disk_sectors - first) * sector_bytes) {
        return Status::Corrupt;
    }
    header.entries_at = first * sector_bytes;
    return Status::Ok;
}

void add_entry(std::uint32_t index, std::span<const std::byte> entry, std::uint64_t disk_bytes, std::uint32_t sector_bytes,
               PartitionTable& table) {
    if (load_le64(entry, 0) == 0 && load_le64(entry, 8) == 0) {
        return;  // the type "unused"
    }
    const std::uint64_t first = load_le64(entry, 32);
    const std::uint64_t last = load_le64(entry, 40);  // this sector belongs to the partition
    if (last >= disk_bytes / sector_bytes) {
        return table.skip(index, SkipReason::PastEndOfDisk);
    }
    table.add(index, kTypeGpt, first, last >= first ? last - first + 1 : 0, disk_bytes, sector_bytes);
}

// Adds entries as they pass and finds out at the end whether they were to be trusted.
Status read_entries(BlockSource& disk, const Header& header, std::uint32_t sector_bytes, PartitionTable& table) {
    std::array<std::byte, kChunkBytes> buffer;
    std::uint32_t crc = 0;
    std::uint32_t index = 0;
    for (std::uint64_t done = 0; done < header.array_bytes(); done += kChunkBytes) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, header.array_bytes() - done));
        const std::size_t whole_sectors = (wanted + sector_bytes - 1) / sector_bytes * sector_bytes;
        if (const Status status = disk.read(header.entries_at + done, std::span(buffer).first(whole_sectors));
            status != Status::Ok) {
            return status;
        }
        const std::span<const std::byte> chunk = std::span(buffer).first(wanted);
        crc = crc32_update(crc, chunk);
        for (std::size_t at = 0; at < wanted; at += header.entry_bytes) {
            add_entry(index++, chunk.subspan(at, header.entry_bytes), disk.size_bytes(), sector_bytes, table);
        }
    }
    return crc == header.entries_crc ? Status::Ok : Status::Corrupt;
}

Status read_one_gpt(BlockSource& disk, std::uint64_t sector, std::uint32_t sector_bytes, PartitionTable& table) {
    table = PartitionTable{};
    table.kind = PartitionTable::Kind::Gpt;
    Header header;
    Status status = read_header(disk, sector, sector_bytes, header);
    if (status == Status::Ok) {
        status = read_entries(disk, header, sector_bytes, table);
    }
    if (status != Status::Ok) {
        table.count = 0;
        table.skipped = 0;
    }
    return status;
}

}  // namespace

Status read_gpt(BlockSource& disk, std::uint32_t sector_bytes, PartitionTable& table) {
    const std::uint64_t disk_sectors = disk.size_bytes() / sector_bytes;
    table.kind = PartitionTable::Kind::Gpt;
    if (disk_sectors < 3) {
        return Status::Corrupt;
    }
    Status status = read_one_gpt(disk, 1, sector_bytes, table);
    if (status != Status::Ok) {
        status = read_one_gpt(disk, disk_sectors - 1, sector_bytes, table);
        table.from_backup = status == Status::Ok;
    }
    return status;
}

}  // namespace pvloader
