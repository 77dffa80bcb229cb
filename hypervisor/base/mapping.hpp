// SPDX-License-Identifier: MIT
// Mapping: a range of host memory obtained from mmap, unmapped when its owner goes.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace pvisor {

class Mapping {
 public:
  Mapping() = default;
  /// Takes over `size` bytes at `base`, which must be a live mmap.
  Mapping(void* base, std::size_t size) : base_(static_cast<std::byte*>(base)), size_(size) {}
  Mapping(Mapping&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  /// Anonymous private memory, zeroed. `protection` is PROT_*; throws HostError when the host has none.
  [[nodiscard]] static Mapping anonymous(std::size_t size, int protection);

  [[nodiscard]] std::byte* data() const { return base_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<std::byte> bytes() const { return {base_, size_}; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pvisor
