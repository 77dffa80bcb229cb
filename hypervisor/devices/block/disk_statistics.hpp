// SPDX-License-Identifier: MIT
// DiskStatistics: what a disk has been asked for and what came of it, over all connections and reboots of its guest.
#pragma once

#include <cstdint>
#include <string>

#include "devices/io/block_io.hpp"

namespace pvisor {

struct DiskStatistics {
  struct Count {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;
  };
  Count reads;  ///< done, as all here
  Count writes;
  Count discards;
  std::uint64_t flushes = 0;  ///< of the host: those that the guest asks for at the same time are one
  std::uint64_t failed = 0;   ///< the host could not do it
  std::uint64_t refused = 0;  ///< malformed, or not offered

  /// A request that the host has ended.
  void count(IoKind kind, std::uint64_t bytes, bool ok);
  /// "12 reads (48 KiB), 0 writes (0 KiB), 0 discards (0 KiB), 1 flush, 0 failed, 0 refused"
  [[nodiscard]] std::string to_string() const;
};

}  // namespace pvisor
