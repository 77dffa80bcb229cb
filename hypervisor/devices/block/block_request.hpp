// SPDX-License-Identifier: MIT
// A ring entry of the block device turned into something that is safe to do, or a refusal. Pure: looks at a copy of the
// entry and at what the disk can do, changes nothing. Layout and numbers: pvabi/io/blkif.h.
//
// An indirect request comes in two steps: the entry says where its segments are; when they have been copied from there,
// decode_indirect_segments() makes of them the same transfer that an entry with its own segments would be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include <pvabi/io/blkif.h>

#include "core/ids.hpp"

namespace pvisor {

/// What an indirect request may have here: 1 MiB in whole pages. One indirect page holds them all.
inline constexpr std::uint32_t kMaxIndirectSegments = 256;
static_assert(kMaxIndirectSegments <= PV_BLKIF_SEGMENTS_PER_INDIRECT_PAGE);

struct DiskLimits {
  std::uint64_t sectors = 0;  ///< of 512 bytes
  bool read_only = false;
  std::uint32_t sector_size = PV_BLKIF_SECTOR_SIZE;  ///< the disk's own; what is no whole number of them is refused
};

/// Part of one granted page.
struct BlockSegment {
  GrantRef grant;
  std::uint32_t offset = 0;  ///< bytes
  std::uint32_t length = 0;  ///< bytes, at least one sector, inside the page
};
/// Room for the segments of one request; the caller's, so that the next request uses it again.
using BlockSegmentRoom = std::array<BlockSegment, kMaxIndirectSegments>;

enum class BlockDirection : std::uint8_t { FromDisk, ToDisk };

struct BlockTransfer {
  BlockDirection direction = BlockDirection::FromDisk;
  std::uint64_t offset = 0;                 ///< bytes; [offset, offset + length) lies inside the disk
  std::uint64_t length = 0;                 ///< the segments' sum
  std::span<const BlockSegment> segments{};  ///< in the room that was given
};

struct BlockIndirect {
  BlockDirection direction = BlockDirection::FromDisk;
  std::uint64_t first_sector = 0;  ///< not checked yet
  std::uint32_t count = 0;         ///< 1 to kMaxIndirectSegments
  GrantRef page;                   ///< holds them
};

struct BlockFlush {};

struct BlockDiscard {
  std::uint64_t offset = 0;  ///< bytes; [offset, offset + length) lies inside the disk
  std::uint64_t length = 0;  ///< not 0
};

struct BlockReject {
  std::int16_t status = PV_BLKIF_RSP_ERROR;
};

using BlockAction = std::variant<BlockReject, BlockTransfer, BlockIndirect, BlockFlush, BlockDiscard>;

struct BlockRequest {
  std::uint64_t id = 0;        ///< the guest's own
  std::uint8_t operation = 0;  ///< as asked, for the response
  BlockAction action;
};

[[nodiscard]] BlockRequest decode_block_request(const pv_blkif_request& entry, const DiskLimits& limits, BlockSegmentRoom& room);

/// A BlockTransfer or a BlockReject. `segments`: a copy of what stood in the page, `indirect.count` of them.
[[nodiscard]] BlockAction decode_indirect_segments(const BlockIndirect& indirect, std::span<const pv_blkif_request_segment> segments,
                                                   const DiskLimits& limits, BlockSegmentRoom& room);

}  // namespace pvisor
