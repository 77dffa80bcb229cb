// SPDX-License-Identifier: MIT
// FakeRam: a domain's memory as a plain page-aligned array, for tests without an engine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "engine/engine.hpp"

namespace pvisor {

class FakeRam final : public Ram {
 public:
  /// `pages` counts RAM and special frames together. Zeroed.
  explicit FakeRam(std::uint64_t pages) : size_(pages * kPageSize), pages_(take(pages)) {}
  FakeRam(const FakeRam&) = delete;
  FakeRam& operator=(const FakeRam&) = delete;
  ~FakeRam() override {
    if (is_kept) kept_.emplace_back(size_, std::move(pages_));
  }
  [[nodiscard]] std::span<std::byte> bytes() const override { return {pages_[0].bytes, size_}; }
  [[nodiscard]] std::span<std::byte, kPageSize> page(std::uint64_t frame) const {
    return std::span<std::byte, kPageSize>(pages_[frame].bytes, kPageSize);
  }

  /// For fuzz targets: what is given back is kept for the next of its size, as fresh memory of the host's costs more than a run.
  /// Sanitizers then do not see a use of it after the end, which the unit tests are for.
  static inline bool is_kept = false;

 private:
  struct alignas(kPageSize) Page {
    std::byte bytes[kPageSize];
  };
  using Pages = std::unique_ptr<Page[]>;

  static Pages take(std::uint64_t pages) {
    const auto found = std::ranges::find(kept_, pages * kPageSize, &std::pair<std::size_t, Pages>::first);
    if (found == kept_.end()) return Pages(new Page[pages]());
    Pages again = std::move(found->second);
    kept_.erase(found);
    std::memset(again[0].bytes, 0, pages * kPageSize);
    return again;
  }

  static inline std::vector<std::pair<std::size_t, Pages>> kept_;
  std::size_t size_;
  Pages pages_;
};

}  // namespace pvisor
