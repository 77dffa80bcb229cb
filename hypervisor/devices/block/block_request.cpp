// SPDX-License-Identifier: MIT
#include "devices/block/block_request.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/checked.hpp"

namespace pvisor {
namespace {

constexpr std::uint32_t kSectorsPerPage = kPageSize / PV_BLKIF_SECTOR_SIZE;

/// The other layouts of a ring entry, from the same copy.
template <class Entry>
Entry entry_as(const pv_blkif_request& entry) {
  static_assert(sizeof(Entry) <= sizeof(entry));
  std::array<std::byte, sizeof(Entry)> bytes;
  const auto all = std::as_bytes(std::span(&entry, 1));
  std::copy_n(all.begin(), bytes.size(), bytes.begin());
  return std::bit_cast<Entry>(bytes);
}

std::optional<BlockDirection> direction_of(std::uint8_t operation) {
  switch (operation) {
    case PV_BLKIF_OP_READ: return BlockDirection::FromDisk;
    case PV_BLKIF_OP_WRITE: return BlockDirection::ToDisk;
    default: return std::nullopt;
  }
}

bool is_on_disk(std::uint64_t first, std::uint64_t count, const DiskLimits& limits) {
  return range_inside(first, count, limits.sectors) && (first | count) % (limits.sector_size / PV_BLKIF_SECTOR_SIZE) == 0;
}

BlockAction decode_transfer(BlockDirection direction, std::uint64_t first_sector,
                            std::span<const pv_blkif_request_segment> segments, const DiskLimits& limits, BlockSegmentRoom& room) {
  if (direction == BlockDirection::ToDisk && limits.read_only) return BlockReject{};
  std::uint64_t sectors = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const pv_blkif_request_segment& segment = segments[i];
    if (segment.first_sect > segment.last_sect || segment.last_sect >= kSectorsPerPage) return BlockReject{};
    const std::uint32_t length = static_cast<std::uint32_t>(segment.last_sect - segment.first_sect) + 1;
    room[i] = {GrantRef(segment.gref), segment.first_sect * std::uint32_t{PV_BLKIF_SECTOR_SIZE}, length * PV_BLKIF_SECTOR_SIZE};
    if ((room[i].offset | room[i].length) % limits.sector_size != 0) return BlockReject{};
    sectors += length;
  }
  if (!is_on_disk(first_sector, sectors, limits)) return BlockReject{};
  // Cannot overflow: both lie inside the disk, whose size in bytes fits.
  return BlockTransfer{direction, first_sector * PV_BLKIF_SECTOR_SIZE, sectors * PV_BLKIF_SECTOR_SIZE,
                       std::span(room).first(segments.size())};
}

BlockAction decode_direct(BlockDirection direction, const pv_blkif_request& entry, const DiskLimits& limits, BlockSegmentRoom& room) {
  if (entry.nr_segments == 0 || entry.nr_segments > PV_BLKIF_MAX_SEGMENTS_PER_REQUEST) return BlockReject{};
  return decode_transfer(direction, entry.sector_number, std::span(entry.seg).first(entry.nr_segments), limits, room);
}

BlockAction decode_indirect(const pv_blkif_request_indirect& entry) {
  const auto direction = direction_of(entry.indirect_op);
  if (!direction || entry.nr_segments == 0 || entry.nr_segments > kMaxIndirectSegments) return BlockReject{};
  return BlockIndirect{*direction, entry.sector_number, entry.nr_segments, GrantRef(entry.indirect_grefs[0])};
}

BlockAction decode_discard(const pv_blkif_request_discard& entry, const DiskLimits& limits) {
  // Secure erasing is not offered, and no other flag exists. Nor is anything of this for a read-only disk.
  if (limits.read_only || entry.flag != 0) return BlockReject{PV_BLKIF_RSP_EOPNOTSUPP};
  if (entry.nr_sectors == 0 || !is_on_disk(entry.sector_number, entry.nr_sectors, limits)) return BlockReject{};
  return BlockDiscard{entry.sector_number * PV_BLKIF_SECTOR_SIZE, entry.nr_sectors * PV_BLKIF_SECTOR_SIZE};
}

BlockAction decode_action(const pv_blkif_request& entry, const DiskLimits& limits, BlockSegmentRoom& room) {
  switch (entry.operation) {
    case PV_BLKIF_OP_READ:
    case PV_BLKIF_OP_WRITE:
      return decode_direct(*direction_of(entry.operation), entry, limits, room);
    case PV_BLKIF_OP_INDIRECT:
      return decode_indirect(entry_as<pv_blkif_request_indirect>(entry));
    case PV_BLKIF_OP_FLUSH_DISKCACHE:
      // A flush that carries data would be a write, too; no front end that we know sends one.
      if (entry.nr_segments != 0) return BlockReject{};
      return BlockFlush{};
    case PV_BLKIF_OP_DISCARD:
      return decode_discard(entry_as<pv_blkif_request_discard>(entry), limits);
    default:
      return BlockReject{PV_BLKIF_RSP_EOPNOTSUPP};
  }
}

}  // namespace

BlockRequest decode_block_request(const pv_blkif_request& entry, const DiskLimits& limits, BlockSegmentRoom& room) {
  return {entry.id, entry.operation, decode_action(entry, limits, room)};
}

BlockAction decode_indirect_segments(const BlockIndirect& indirect, std::span<const pv_blkif_request_segment> segments,
                                     const DiskLimits& limits, BlockSegmentRoom& room) {
  return decode_transfer(indirect.direction, indirect.first_sector, segments, limits, room);
}

}  // namespace pvisor
