// SPDX-License-Identifier: MIT
// What may be chosen about a disk besides its file: how the host caches it, and the sectors that it shows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pvisor {

enum class DiskCache : std::uint8_t {
  WriteBack,  ///< the host's page cache; a flush waits for the disk
  Direct,     ///< past the page cache (O_DIRECT); a flush waits for what caches the disk itself has
  Unsafe,     ///< the host's page cache; a flush does nothing
};
inline constexpr std::array<std::string_view, 3> kCacheWords{"writeback", "direct", "unsafe"};

struct DiskTuning {
  DiskCache cache = DiskCache::WriteBack;
  std::uint32_t sector_size = 512;  ///< 512 or 4096; 4096 also where `Direct` needs it
};

}  // namespace pvisor
