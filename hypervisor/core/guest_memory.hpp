// SPDX-License-Identifier: MIT
// GuestMemory: the only way from a guest address to bytes. Everything is copied, except bulk I/O, for which pin() gives an
// opaque IoSpan. Belongs to a Domain; reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/checked.hpp"
#include "core/frame_views.hpp"
#include "core/ids.hpp"
#include "core/io_span.hpp"
#include "core/shared_page.hpp"
#include "engine/engine.hpp"

namespace pvisor {

class GuestMemory {
 public:
  /// `ram` holds `ram_pages` frames of RAM and then the special frames; frame 0 is at guest address `virt_base`.
  GuestMemory(std::shared_ptr<Ram> ram, GuestVirt virt_base, std::uint64_t ram_pages);

  [[nodiscard]] std::uint64_t ram_pages() const { return ram_pages_; }
  [[nodiscard]] std::uint64_t total_pages() const { return total_pages_; }
  [[nodiscard]] GuestVirt virt_base() const { return virt_base_; }
  [[nodiscard]] bool is_ram(GuestFrame frame) const { return frame.value() < ram_pages_; }
  [[nodiscard]] bool exists(GuestFrame frame) const { return frame.value() < total_pages_; }
  /// True if copy_in of the frame would succeed.
  [[nodiscard]] bool can_read(GuestFrame frame) const {
    return exists(frame) && views_->allow(frame.value(), 1, FrameAccess::ReadOnly);
  }

  /// Copies between host memory and a guest range. False, and nothing copied, if any byte lies outside the guest's memory, at
  /// an address that shows nothing, or, to be written, at one that is read-only.
  [[nodiscard]] bool copy_in(GuestVirt from, std::span<std::byte> out) const;
  [[nodiscard]] bool copy_out(GuestVirt to, std::span<const std::byte> in) const;
  /// True if the whole range can be read, or written.
  [[nodiscard]] bool contains(GuestVirt address, std::uint64_t length) const;
  [[nodiscard]] bool is_writable(GuestVirt address, std::uint64_t length) const;
  /// Frame that belongs at a guest address, whatever shows there now; nothing if none does.
  [[nodiscard]] std::optional<GuestFrame> frame_at(GuestVirt address) const;

  template <class T>
  [[nodiscard]] std::optional<T> read(GuestVirt from) const {
    std::optional<T> value;
    const auto offset = offset_of(from, sizeof(T), FrameAccess::ReadOnly);
    if (offset) copy_structure(host(*offset), value.emplace());
    return value;
  }
  template <class T>
  [[nodiscard]] bool write(GuestVirt to, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return copy_out(to, std::as_bytes(std::span(&value, 1)));
  }

  /// Reads what will be answered in place; nothing if that cannot be written.
  template <class T>
  [[nodiscard]] std::optional<T> read_for_answer(GuestVirt from) const {
    if (!is_writable(from, sizeof(T))) return std::nullopt;
    return read<T>(from);
  }

  /// The same by frame; `offset + size` must stay inside the page or the answer is false.
  [[nodiscard]] bool copy_in(GuestFrame from, std::uint64_t offset, std::span<std::byte> out) const;
  [[nodiscard]] bool copy_out(GuestFrame to, std::uint64_t offset, std::span<const std::byte> in) const;

  /// A page used by both sides; nothing if the frame does not exist or is not there to be written.
  [[nodiscard]] std::optional<SharedPage> share(GuestFrame frame) const;

  /// RAM frames held in place for bulk I/O, [offset, offset + length) of one frame. Nothing if it is not RAM.
  [[nodiscard]] std::optional<IoSpan> pin(GuestFrame frame, std::uint32_t offset, std::uint32_t length) const;
  [[nodiscard]] bool is_pinned(GuestFrame frame) const;

  /// What the addresses of RAM frames show; the domain's calls change it together with the address space.
  [[nodiscard]] FrameViews& views() const { return *views_; }
  /// True for RAM that is where it belongs: only such a frame can be granted, pinned, or have something put in its place.
  [[nodiscard]] bool shows_own(GuestFrame frame) const { return is_ram(frame) && views_->of(frame) == FrameView::Own; }

 private:
  [[nodiscard]] std::byte* host(std::uint64_t byte_offset) const { return base_ + byte_offset; }
  void fetch(std::uint64_t byte_offset, std::span<std::byte> out) const;
  /// Distance of a range from frame 0; nothing if any byte of it lies outside, or may not be accessed so. Level 0: all frames,
  /// RAM and special, lie contiguously from virt_base on, so a range is inside exactly if its distance is.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(GuestVirt address, std::uint64_t length, FrameAccess access) const {
    if (length == 0) return 0;  // no byte of it lies outside, wherever it points
    if (address < virt_base_) return std::nullopt;
    const std::uint64_t offset = address.value() - virt_base_.value();
    if (!range_inside(offset, length, total_pages_ << kPageShift)) return std::nullopt;
    if (!views_->all_own() && !allows(offset, length, access)) [[unlikely]] return std::nullopt;
    return offset;
  }
  [[nodiscard]] bool allows(std::uint64_t offset, std::uint64_t length, FrameAccess access) const;

  std::shared_ptr<Ram> ram_;
  std::byte* base_;  ///< of frame 0; fixed as long as ram_ lives
  std::shared_ptr<PinCounts> pins_;
  std::shared_ptr<FrameViews> views_;
  GuestVirt virt_base_;
  std::uint64_t ram_pages_;
  std::uint64_t total_pages_;
};

}  // namespace pvisor
