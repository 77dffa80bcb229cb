// SPDX-License-Identifier: MIT
// Finds the partitions of a disk: MBR with its chain of logical partitions, or GPT.
//
// Pure: reads through a BlockSource, fills the caller's table, allocates nothing. A damaged entry is left out and
// noted, so that the loader can say why (hdN,M) is missing; the others stay usable. Example:
//
//     PartitionTable table;
//     if (read_partitions(disk, table) == Status::Ok) {
//         if (const Partition* boot = table.find(0)) { Slice slice(disk, boot->first_byte, boot->bytes); ... }
//     }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/block_source.hpp"

namespace pvloader {

struct Partition {
    std::uint32_t index = 0;  // as in (hdN,index): MBR 0-3 primary, 4 and up logical; GPT: the entry's place from 0
    std::uint64_t first_byte = 0;
    std::uint64_t bytes = 0;
    std::uint8_t type = 0;  // the MBR's type byte; 0xEE for every GPT partition
};

// Why an entry, or the rest of a chain of logical partitions, was left out.
enum class SkipReason : std::uint8_t {
    StartsAtZero,
    ZeroLength,
    PastEndOfDisk,
    Overlaps,      // lies over a partition that came before
    TableFull,     // more than kMaxPartitions
    ChainBroken,   // the next link cannot be read or is no partition table
    ChainLoops,    // a link leads back
    ChainTooLong,  // over kMaxChain links
};

const char* to_text(SkipReason reason);

struct PartitionTable {
    enum class Kind : std::uint8_t { None, Mbr, Gpt };

    static constexpr std::size_t kMaxPartitions = 128 + 4;
    static constexpr std::size_t kMaxChain = 128;
    static constexpr std::size_t kMaxNotes = 16;

    struct Note {
        std::uint32_t index = 0;
        SkipReason reason = SkipReason::ZeroLength;
    };

    Kind kind = Kind::None;
    bool from_backup = false;  // GPT: the first header was damaged, the one at the end of the disk was used
    std::size_t count = 0;
    std::size_t skipped = 0;  // all that was left out; the first kMaxNotes of them have a note
    std::array<Partition, kMaxPartitions> partitions{};
    std::array<Note, kMaxNotes> notes{};

    std::span<const Partition> all() const { return std::span(partitions).first(count); }
    std::span<const Note> all_notes() const { return std::span(notes).first(skipped < kMaxNotes ? skipped : kMaxNotes); }
    const Partition* find(std::uint32_t index) const;

    // Both are the parsers' way to fill the table: add() checks the entry against the disk and its neighbours
    // and turns to skip() when it cannot be.
    void add(std::uint32_t index, std::uint8_t type, std::uint64_t first_sector, std::uint64_t sectors,
             std::uint64_t disk_bytes, std::uint32_t sector_bytes);
    void skip(std::uint32_t index, SkipReason reason);
};

// Kind None with Ok means that the disk has no partition table and may hold a file system as a whole.
// A protective MBR whose two GPT headers are both damaged is Corrupt. `sector_bytes` is the device's
// logical sector size, 512 or 4096: it is the unit of all numbers in a table.
Status read_partitions(BlockSource& disk, PartitionTable& table, std::uint32_t sector_bytes = 512);

}  // namespace pvloader
