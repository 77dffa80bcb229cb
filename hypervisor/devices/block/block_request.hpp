// SPDX-License-Identifier: MIT
// A ring entry of the block device turned into something that is safe to do, or a refusal. Pure: looks at a copy of the
// entry and at the disk's size, changes nothing. Layout and numbers: pvabi/io/blkif.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include <pvabi/io/blkif.h>

#include "core/ids.hpp"

namespace pvisor {

struct DiskLimits {
  std::uint64_t sectors = 0;  ///< of 512 bytes
  bool read_only = false;
};

/// Part of one granted page.
struct BlockSegment {
  GrantRef grant;
  std::uint32_t offset = 0;  ///< bytes
  std::uint32_t length = 0;  ///< bytes, at least one sector, inside the page
};

struct BlockTransfer {
  enum class Direction : std::uint8_t { FromDisk, ToDisk };
  Direction direction = Direction::FromDisk;
  std::uint64_t offset = 0;  ///< bytes; [offset, offset + length) lies inside the disk
  std::uint64_t length = 0;  ///< the segments' sum
  std::uint32_t count = 0;
  std::array<BlockSegment, PV_BLKIF_MAX_SEGMENTS_PER_REQUEST> segment_array{};

  [[nodiscard]] std::span<const BlockSegment> segments() const { return std::span(segment_array).first(count); }
};

struct BlockFlush {};

struct BlockReject {
  std::int16_t status = PV_BLKIF_RSP_ERROR;
};

struct BlockRequest {
  std::uint64_t id = 0;        ///< the guest's own
  std::uint8_t operation = 0;  ///< as asked, for the response
  std::variant<BlockReject, BlockTransfer, BlockFlush> action;
};

[[nodiscard]] BlockRequest decode_block_request(const pv_blkif_request& entry, const DiskLimits& limits);

}  // namespace pvisor
