// SPDX-License-Identifier: MIT
// What read_partitions() puts together: one reader per format. Not for other callers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parse/partitions.hpp"

namespace pvloader {

inline constexpr std::size_t kMbrBytes = 512;

// Decides by the first 512 bytes alone.
enum class MbrVerdict : std::uint8_t { NoTable, Table, ProtectsGpt };
MbrVerdict judge_mbr(std::span<const std::byte, kMbrBytes> sector);

// Adds primaries and logicals; cannot fail, what cannot be read is noted.
void read_mbr(BlockSource& disk, std::span<const std::byte, kMbrBytes> sector, std::uint32_t sector_bytes,
              PartitionTable& table);

// Tries the first header, then the backup.
Status read_gpt(BlockSource& disk, std::uint32_t sector_bytes, PartitionTable& table);

}  // namespace pvloader
