// SPDX-License-Identifier: MIT
// NetStatistics: what went through an interface, over all connections and reboots of its guest.
#pragma once

#include <cstdint>
#include <string>

namespace pvisor {

struct NetStatistics {
  struct Count {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    void add(std::size_t size) {
      ++frames;
      bytes += size;
    }
  };
  Count sent;                 ///< by the guest, and taken
  Count received;             ///< put into the guest's pages
  std::uint64_t refused = 0;  ///< of the guest's: malformed, without a good grant, or not allowed where they went
  std::uint64_t dropped = 0;  ///< for the guest: it had no room, or could not take such a frame

  /// "12 frames sent (3 KiB), 1 frame received (1 KiB), 0 refused, 0 dropped"
  [[nodiscard]] std::string to_string() const;
};

}  // namespace pvisor
