// SPDX-License-Identifier: MIT
// FakeRam: a domain's memory as a plain page-aligned array, for tests without an engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/ids.hpp"
#include "engine/engine.hpp"

namespace pvisor {

class FakeRam final : public Ram {
 public:
  /// `pages` counts RAM and special frames together. Zeroed.
  explicit FakeRam(std::uint64_t pages) : size_(pages * kPageSize), pages_(new Page[pages]()) {}
  [[nodiscard]] std::span<std::byte> bytes() const override { return {pages_[0].bytes, size_}; }
  [[nodiscard]] std::span<std::byte, kPageSize> page(std::uint64_t frame) const {
    return std::span<std::byte, kPageSize>(pages_[frame].bytes, kPageSize);
  }

 private:
  struct alignas(kPageSize) Page {
    std::byte bytes[kPageSize];
  };
  std::size_t size_;
  std::unique_ptr<Page[]> pages_;
};

}  // namespace pvisor
