// SPDX-License-Identifier: MIT
// What a vCPU's process must map before its guest goes on: kept as ranges of frames, told as ranges of addresses.
#include <sys/mman.h>

#include <algorithm>
#include <iterator>

#include "engine/process/vcpu_context.hpp"

namespace pvisor::process {

namespace {

constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
/// The filter wants a length below 4 GiB.
constexpr std::uint64_t kPagesPerView = 0x4'0000;

bool shows_nothing(const FrameShown* shown) { return shown != nullptr && shown->kind == FrameShown::Kind::Nothing; }

}  // namespace

void ProcessVcpu::must_map(std::uint64_t first, std::uint64_t count) {
  std::uint64_t end = first + count;
  // Ranges that touch become one.
  auto at = unmapped_.upper_bound(first);
  if (at != unmapped_.begin() && std::prev(at)->first + std::prev(at)->second >= first) --at;
  while (at != unmapped_.end() && at->first <= end) {
    first = std::min(first, at->first);
    end = std::max(end, at->first + at->second);
    at = unmapped_.erase(at);
  }
  unmapped_[first] = end - first;
}

/// How many frames from `first` on one view can show.
std::uint64_t ProcessVcpu::alike_from(std::uint64_t first, std::uint64_t count) const {
  const FrameShown* shown = space_.shown(first);
  const std::uint64_t most = std::min(count, kPagesPerView);
  if (shown == nullptr) {
    const auto other = space_.all_shown().lower_bound(first);
    return other == space_.all_shown().end() ? most : std::min(most, other->first - first);
  }
  std::uint64_t alike = 1;
  while (shows_nothing(shown) && alike < most && shows_nothing(space_.shown(first + alike))) ++alike;
  return alike;
}

View ProcessVcpu::view_of(std::uint64_t first, std::uint64_t count) const {
  View view{space_.virt_base() + first * kPage, count * kPage, first * kPage, kRamFd, kAll};
  const FrameShown* shown = space_.shown(first);
  if (shown == nullptr) return view;
  view.protection = static_cast<std::uint32_t>(shown->protection);
  if (shown->kind == FrameShown::Kind::Special) view.offset = shown->special * kPage;
  if (shown->kind == FrameShown::Kind::Page) {
    view.fd = page_fd(*shown);
    view.offset = 0;
  }
  return view;
}

void ProcessVcpu::list_views() {
  asked_for_.clear();
  std::uint32_t listed = 0;
  while (listed < kViewsAtOnce && !unmapped_.empty()) {
    const auto [first, count] = *unmapped_.begin();
    unmapped_.erase(unmapped_.begin());
    const std::uint64_t alike = alike_from(first, count);
    if (alike < count) unmapped_[first + alike] = count - alike;
    area_->view[listed++] = view_of(first, alike);
    if (const FrameShown* shown = space_.shown(first); shown != nullptr && shown->page) asked_for_.push_back(*shown);
  }
  area_->views = listed;
}

}  // namespace pvisor::process
