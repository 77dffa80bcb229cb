// SPDX-License-Identifier: MIT
// What a sender leaves to others: checksums that are not filled in, and TCP that is to be cut into segments. Frames are checked when
// they come from a guest, and made what the receiver can take when they reach it: between two guests that both can, nothing is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "devices/net/net_frame.hpp"

namespace pvisor {

/// What a receiver has said that it takes besides plain frames.
struct NetAbilities {
  bool scatter = false;        ///< frames of several pages
  bool checksum_ipv4 = false;  ///< checksums that are blank
  bool checksum_ipv6 = false;
  bool segments = false;       ///< TCP over IPv4 that is not cut yet
};

/// Segments that one frame may be cut into. More would be smaller than any network has them.
inline constexpr std::size_t kMaxSegments = 256;

/// A frame that came from a guest, in `bytes`: false if what it leaves to be done cannot be done with it. May write to `bytes`: a
/// frame with segments gets the blank checksum that all others have.
[[nodiscard]] bool check_offload(std::span<std::byte> bytes, NetFrame& frame);

/// Makes plain frames of a checked one for who takes nothing else. `room` holds a frame; each is in it during the call only.
class NetOffload {
 public:
  explicit NetOffload(NetScratch& room) : room_(room) {}

  /// Calls `take(const NetFrame&)` with the frame as it is, or with what had to be made of it.
  template <class Take>
  void adapt(const NetFrame& frame, const NetAbilities& abilities, Take take) {
    if (frame.segment_size != 0 && !abilities.segments) {
      for (std::size_t at = 0; const std::size_t size = cut(frame, at);) take(plain(size));
      return;
    }
    if (frame.checksum_blank && !takes_blank(frame, abilities)) return take(plain(fill(frame)));
    take(frame);
  }

 private:
  [[nodiscard]] static bool takes_blank(const NetFrame& frame, const NetAbilities& abilities);
  /// Makes the segment whose payload begins at `at`, and moves `at` on; its size, or 0 behind the last.
  [[nodiscard]] std::size_t cut(const NetFrame& frame, std::size_t& at);
  [[nodiscard]] std::size_t fill(const NetFrame& frame);
  [[nodiscard]] NetFrame plain(std::size_t size) const {
    return {.bytes = std::span(room_).first(size), .checksum_blank = false, .validated = true, .segment_size = 0};
  }

  NetScratch& room_;
};

}  // namespace pvisor
