// SPDX-License-Identifier: MIT
#include "devices/block/block_request.hpp"

#include "base/checked.hpp"

namespace pvisor {
namespace {

constexpr std::uint32_t kSectorsPerPage = kPageSize / PV_BLKIF_SECTOR_SIZE;

using Action = decltype(BlockRequest::action);

Action decode_transfer(const pv_blkif_request& entry, const DiskLimits& limits) {
  BlockTransfer transfer;
  if (entry.operation == PV_BLKIF_OP_WRITE) {
    if (limits.read_only) return BlockReject{};
    transfer.direction = BlockTransfer::Direction::ToDisk;
  }
  if (entry.nr_segments == 0 || entry.nr_segments > PV_BLKIF_MAX_SEGMENTS_PER_REQUEST) return BlockReject{};

  std::uint64_t sectors = 0;
  for (; transfer.count < entry.nr_segments; ++transfer.count) {
    const pv_blkif_request_segment& segment = entry.seg[transfer.count];
    if (segment.first_sect > segment.last_sect || segment.last_sect >= kSectorsPerPage) return BlockReject{};
    const std::uint32_t length = static_cast<std::uint32_t>(segment.last_sect - segment.first_sect) + 1;
    transfer.segment_array[transfer.count] = {GrantRef(segment.gref), segment.first_sect * std::uint32_t{PV_BLKIF_SECTOR_SIZE},
                                              length * PV_BLKIF_SECTOR_SIZE};
    sectors += length;
  }
  if (!range_inside<std::uint64_t>(entry.sector_number, sectors, limits.sectors)) return BlockReject{};
  // Cannot overflow: both lie inside the disk, whose size in bytes fits.
  transfer.offset = entry.sector_number * PV_BLKIF_SECTOR_SIZE;
  transfer.length = sectors * PV_BLKIF_SECTOR_SIZE;
  return transfer;
}

Action decode_action(const pv_blkif_request& entry, const DiskLimits& limits) {
  switch (entry.operation) {
    case PV_BLKIF_OP_READ:
    case PV_BLKIF_OP_WRITE:
      return decode_transfer(entry, limits);
    case PV_BLKIF_OP_FLUSH_DISKCACHE:
      // A flush that carries data would be a write, too; no front end that we know sends one.
      if (entry.nr_segments != 0) return BlockReject{};
      return BlockFlush{};
    default:
      return BlockReject{PV_BLKIF_RSP_EOPNOTSUPP};
  }
}

}  // namespace

BlockRequest decode_block_request(const pv_blkif_request& entry, const DiskLimits& limits) {
  return {entry.id, entry.operation, decode_action(entry, limits)};
}

}  // namespace pvisor
