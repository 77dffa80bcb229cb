// SPDX-License-Identifier: MIT
// IoSpan: guest bytes pinned for bulk I/O. It has no accessor: only IoSpanRaw, used by the I/O back ends, turns it into a
// pointer. While it lives its frame is not moved, released or re-granted, and the memory outlives the domain if it must.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace pvisor {

/// How many I/O operations hold each frame. Reactor thread only.
using PinCounts = std::vector<std::uint32_t>;

class IoSpan {
 public:
  IoSpan(IoSpan&& other) noexcept
      : ram_(std::move(other.ram_)), pins_(std::move(other.pins_)), frame_(other.frame_), data_(other.data_), size_(other.size_) {}
  IoSpan& operator=(IoSpan&& other) noexcept {
    if (this != &other) {
      unpin();
      ram_ = std::move(other.ram_);
      pins_ = std::move(other.pins_);
      frame_ = other.frame_;
      data_ = other.data_;
      size_ = other.size_;
    }
    return *this;
  }
  IoSpan(const IoSpan&) = delete;
  IoSpan& operator=(const IoSpan&) = delete;
  ~IoSpan() { unpin(); }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  friend class GuestMemory;
  friend struct IoSpanRaw;
  IoSpan(std::shared_ptr<Ram> ram, std::shared_ptr<PinCounts> pins, std::uint64_t frame, std::byte* data, std::size_t size)
      : ram_(std::move(ram)), pins_(std::move(pins)), frame_(frame), data_(data), size_(size) {
    ++(*pins_)[frame_];
  }
  void unpin() {
    if (pins_) --(*pins_)[frame_];
    pins_.reset();
  }

  std::shared_ptr<Ram> ram_;
  std::shared_ptr<PinCounts> pins_;
  std::uint64_t frame_;
  std::byte* data_;
  std::size_t size_;
};

/// The one door from an IoSpan to its bytes. For I/O back ends only: hand the span to the kernel, never read it.
struct IoSpanRaw {
  [[nodiscard]] static std::span<std::byte> bytes(const IoSpan& span) { return {span.data_, span.size_}; }
};

}  // namespace pvisor
