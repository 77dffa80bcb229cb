// SPDX-License-Identifier: MIT
// The classic partition table: four entries in sector 0 and a chain of extended boot records (EBR) behind it.
//
// An EBR looks like an MBR. One of its first two entries is a logical partition, counted from the EBR itself; another of
// an extended type names the next EBR, counted from the start of the extended partition.
#include "parse/partitions_formats.hpp"

#include <array>

#include "parse/le_bytes.hpp"

namespace pvloader {
namespace {

using Sector = std::span<const std::byte, kMbrBytes>;

constexpr std::size_t kEntriesAt = 446;
constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kPrimaries = 4;
constexpr std::size_t kEbrEntries = 2;
constexpr std::uint8_t kTypeGptProtective = 0xEE;

struct Entry {
    std::uint8_t boot_flag;
    std::uint8_t type;
    std::uint32_t first;
    std::uint32_t sectors;

    bool is_empty() const { return type == 0; }
    bool is_extended() const { return type == 0x05 || type == 0x0F || type == 0x85; }
};

Entry entry_at(Sector sector, std::size_t index) {
    const auto bytes = sector.subspan(kEntriesAt + index * kEntryBytes, kEntryBytes);
    return {load_u8(bytes, 0), load_u8(bytes, 4), load_le32(bytes, 8), load_le32(bytes, 12)};
}

bool has_signature(Sector sector) { return load_le16(sector, 510) == 0xAA55; }

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

// A FAT boot sector ends with the MBR's signature too; what gives it away is a plausible description of the volume.
bool looks_like_fat(Sector sector) {
    const std::uint8_t jump = load_u8(sector, 0);
    const std::uint16_t sector_bytes = load_le16(sector, 11);
    const std::uint8_t media = load_u8(sector, 21);
    return (jump == 0xEB || jump == 0xE9) && sector_bytes >= 512 && sector_bytes <= 4096 && is_power_of_two(sector_bytes) &&
           is_power_of_two(load_u8(sector, 13)) && load_le16(sector, 14) != 0 && load_u8(sector, 16) != 0 &&
           (media == 0xF0 || media >= 0xF8);
}

// Walks one extended partition's chain. Every link is remembered, so that the first one seen again ends the walk.
class LogicalChain {
public:
    LogicalChain(BlockSource& disk, std::uint32_t sector_bytes, PartitionTable& table)
        : disk_(disk), sector_bytes_(sector_bytes), table_(table) {}

    void walk(std::uint32_t base) {
        std::uint64_t link = base;
        for (;;) {
            if (seen_before(link)) {
                return table_.skip(next_index_, SkipReason::ChainLoops);
            }
            if (links_ == PartitionTable::kMaxChain) {
                return table_.skip(next_index_, SkipReason::ChainTooLong);
            }
            seen_[links_++] = link;
            std::array<std::byte, kMbrBytes> sector;
            if (!read_link(link, sector)) {
                return table_.skip(next_index_, SkipReason::ChainBroken);
            }
            const std::uint32_t next = take_link(link, sector);
            if (next == 0) {
                return;
            }
            link = std::uint64_t{base} + next;
        }
    }

private:
    bool seen_before(std::uint64_t link) const {
        for (std::size_t i = 0; i < links_; ++i) {
            if (seen_[i] == link) {
                return true;
            }
        }
        return false;
    }

    // `link` has at most 33 bits, so its byte offset cannot wrap.
    bool read_link(std::uint64_t link, std::span<std::byte, kMbrBytes> sector) {
        const std::uint64_t offset = link * sector_bytes_;
        if (link == 0 || offset >= disk_.size_bytes() || disk_.size_bytes() - offset < kMbrBytes) {
            return false;
        }
        return disk_.read(offset, sector) == Status::Ok && has_signature(sector);
    }

    // Adds the link's partition and gives the next link, 0 at the end.
    std::uint32_t take_link(std::uint64_t link, Sector sector) {
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < kEbrEntries; ++i) {
            const Entry entry = entry_at(sector, i);
            if (entry.is_empty()) {
                continue;
            }
            if (entry.is_extended()) {
                next = entry.first;
                continue;
            }
            // An entry at offset 0 would be the EBR itself: let the table see a start it refuses.
            const std::uint64_t first = entry.first == 0 ? 0 : link + entry.first;
            table_.add(next_index_++, entry.type, first, entry.sectors, disk_.size_bytes(), sector_bytes_);
        }
        return next;
    }

    BlockSource& disk_;
    std::uint32_t sector_bytes_;
    PartitionTable& table_;
    std::array<std::uint64_t, PartitionTable::kMaxChain> seen_{};
    std::size_t links_ = 0;
    std::uint32_t next_index_ = kPrimaries;
};

}  // namespace

MbrVerdict judge_mbr(Sector sector) {
    if (!has_signature(sector)) {
        return MbrVerdict::NoTable;
    }
    bool any = false;
    for (std::size_t i = 0; i < kPrimaries; ++i) {
        const Entry entry = entry_at(sector, i);
        // The boot flag is 0 or 0x80 in every table; code or text of a boot sector seldom has that four times.
        if (entry.boot_flag != 0 && entry.boot_flag != 0x80) {
            return MbrVerdict::NoTable;
        }
        if (entry.type == kTypeGptProtective) {
            return MbrVerdict::ProtectsGpt;
        }
        any = any || !entry.is_empty();
    }
    return any && !looks_like_fat(sector) ? MbrVerdict::Table : MbrVerdict::NoTable;
}

void read_mbr(BlockSource& disk, Sector sector, std::uint32_t sector_bytes, PartitionTable& table) {
    for (std::size_t i = 0; i < kPrimaries; ++i) {
        const Entry entry = entry_at(sector, i);
        if (!entry.is_empty() && !entry.is_extended()) {
            table.add(static_cast<std::uint32_t>(i), entry.type, entry.first, entry.sectors, disk.size_bytes(), sector_bytes);
        }
    }
    // Logicals come last: a primary is never the one that is dropped for an overlap.
    LogicalChain chain(disk, sector_bytes, table);
    for (std::size_t i = 0; i < kPrimaries; ++i) {
        const Entry entry = entry_at(sector, i);
        if (entry.is_extended()) {
            chain.walk(entry.first);
        }
    }
}

}  // namespace pvloader
