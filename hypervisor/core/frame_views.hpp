// SPDX-License-Identifier: MIT
// FrameViews: what the address of each RAM frame shows. At level 0 that is the frame itself, until something is put in its
// place or it is taken away. One per image of a domain, shared by the copies of its GuestMemory; reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/ids.hpp"
#include "engine/engine.hpp"

namespace pvisor {

enum class FrameView : std::uint8_t {
  Own,              ///< the frame
  Nothing,          ///< nothing: update_va_mapping made it absent; the frame keeps its content
  Released,         ///< nothing: decrease_reservation gave the frame away, it has no content
  SpecialReadOnly,  ///< a special frame, by update_va_mapping
  SpecialWritable,
  ForeignReadOnly,  ///< another domain's frame, by map_grant_ref
  ForeignWritable,
};

class FrameViews {
 public:
  /// Neighbouring frames with the same view are one run. A host keeps a record for each, so their number is limited.
  static constexpr std::uint64_t kMaxRuns = 8192;

  explicit FrameViews(std::uint64_t ram_pages) : views_(ram_pages, FrameView::Own) {}

  [[nodiscard]] FrameView of(GuestFrame frame) const { return views_[frame.value()]; }
  void set(GuestFrame frame, FrameView view);
  /// True while no view but Own exists, which is nearly always.
  [[nodiscard]] bool all_own() const { return not_own_ == 0; }
  [[nodiscard]] std::uint64_t released() const { return released_; }
  /// True if [first, first + count), all alike, may get this view without making too many runs.
  [[nodiscard]] bool has_room(std::uint64_t first, std::uint64_t count, FrameView view) const;
  /// True if every frame in [first, first + count) can be accessed so. What lies behind RAM always can.
  [[nodiscard]] bool allow(std::uint64_t first, std::uint64_t count, FrameAccess access) const;

 private:
  [[nodiscard]] std::uint64_t borders_of(std::size_t at) const;

  std::vector<FrameView> views_;
  std::uint64_t not_own_ = 0;
  std::uint64_t released_ = 0;
  std::uint64_t borders_ = 0;  ///< pairs of neighbours with different views
};

}  // namespace pvisor
