// SPDX-License-Identifier: MIT
#include "core/frame_views.hpp"

#include <algorithm>

namespace pvisor {

namespace {

bool allows(FrameView view, FrameAccess access) {
  switch (view) {
    case FrameView::Nothing:
    case FrameView::Released: return false;
    case FrameView::SpecialReadOnly:
    case FrameView::ForeignReadOnly: return access == FrameAccess::ReadOnly;
    default: return true;
  }
}

}  // namespace

void FrameViews::set(GuestFrame frame, FrameView view) {
  const auto at = static_cast<std::size_t>(frame.value());
  FrameView& current = views_[at];
  borders_ -= borders_of(at);
  not_own_ -= current != FrameView::Own ? 1 : 0;
  released_ -= current == FrameView::Released ? 1 : 0;
  current = view;
  borders_ += borders_of(at);
  not_own_ += view != FrameView::Own ? 1 : 0;
  released_ += view == FrameView::Released ? 1 : 0;
}

bool FrameViews::allow(std::uint64_t first, std::uint64_t count, FrameAccess access) const {
  if (all_own()) return true;
  const std::uint64_t end = std::min<std::uint64_t>(views_.size(), first + count);
  for (std::uint64_t frame = first; frame < end; ++frame) {
    if (!allows(views_[frame], access)) return false;
  }
  return true;
}

bool FrameViews::has_room(std::uint64_t first, std::uint64_t count, FrameView view) const {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const auto count_border = [&](std::uint64_t inside, std::uint64_t outside) {
    before += views_[inside] != views_[outside] ? 1 : 0;
    after += view != views_[outside] ? 1 : 0;
  };
  if (first > 0) count_border(first, first - 1);
  if (first + count < views_.size()) count_border(first + count - 1, first + count);
  return after <= before || borders_ - before + after <= 2 * kMaxRuns;
}

std::uint64_t FrameViews::borders_of(std::size_t at) const {
  const FrameView view = views_[at];
  std::uint64_t borders = 0;
  if (at > 0 && views_[at - 1] != view) ++borders;
  if (at + 1 < views_.size() && views_[at + 1] != view) ++borders;
  return borders;
}

}  // namespace pvisor
