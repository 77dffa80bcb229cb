// SPDX-License-Identifier: MIT
// The partition table's own checks, and the choice between MBR and GPT.
#include "parse/partitions.hpp"

#include "parse/partitions_formats.hpp"

namespace pvloader {

const char* to_text(SkipReason reason) {
    switch (reason) {
        case SkipReason::StartsAtZero: return "starts at sector 0";
        case SkipReason::ZeroLength: return "has no length";
        case SkipReason::PastEndOfDisk: return "reaches past the end of the disk";
        case SkipReason::Overlaps: return "overlaps another partition";
        case SkipReason::TableFull: return "is one too many";
        case SkipReason::ChainBroken: return "the chain of logical partitions is broken here";
        case SkipReason::ChainLoops: return "the chain of logical partitions loops here";
        case SkipReason::ChainTooLong: return "the chain of logical partitions is too long";
    }
    return "unknown reason";
}

const Partition* PartitionTable::find(std::uint32_t index) const {
    for (const Partition& partition : all()) {
        if (partition.index == index) {
            return &partition;
        }
    }
    return nullptr;
}

void PartitionTable::skip(std::uint32_t index, SkipReason reason) {
    if (skipped < kMaxNotes) {
        notes[skipped] = {index, reason};
    }
    ++skipped;
}

void PartitionTable::add(std::uint32_t index, std::uint8_t type, std::uint64_t first_sector, std::uint64_t sectors,
                         std::uint64_t disk_bytes, std::uint32_t sector_bytes) {
    const std::uint64_t disk_sectors = disk_bytes / sector_bytes;
    if (sectors == 0) {
        return skip(index, SkipReason::ZeroLength);
    }
    if (first_sector == 0) {
        return skip(index, SkipReason::StartsAtZero);
    }
    if (first_sector >= disk_sectors || sectors > disk_sectors - first_sector) {
        return skip(index, SkipReason::PastEndOfDisk);
    }
    const Partition candidate{index, first_sector * sector_bytes, sectors * sector_bytes, type};
    for (const Partition& other : all()) {
        if (candidate.first_byte < other.first_byte + other.bytes &&
            other.first_byte < candidate.first_byte + candidate.bytes) {
            return skip(index, SkipReason::Overlaps);
        }
    }
    if (count == kMaxPartitions) {
        return skip(index, SkipReason::TableFull);
    }
    partitions[count++] = candidate;
}

Status read_partitions(BlockSource& disk, PartitionTable& table, std::uint32_t sector_bytes) {
    table = PartitionTable{};
    if (sector_bytes != 512 && sector_bytes != 4096) {
        return Status::Unsupported;
    }
    if (disk.size_bytes() < kMbrBytes) {
        return Status::Ok;
    }
    std::array<std::byte, kMbrBytes> sector;
    if (const Status status = disk.read(0, sector); status != Status::Ok) {
        return status;
    }
    switch (judge_mbr(sector)) {
        case MbrVerdict::NoTable: return Status::Ok;
        case MbrVerdict::Table: break;
        case MbrVerdict::ProtectsGpt: return read_gpt(disk, sector_bytes, table);
    }
    table.kind = PartitionTable::Kind::Mbr;
    read_mbr(disk, sector, sector_bytes, table);
    return Status::Ok;
}

}  // namespace pvloader
