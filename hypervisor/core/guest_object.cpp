// SPDX-License-Identifier: MIT
#include "core/guest_object.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace pvisor {

std::optional<GuestObject> GuestObject::find(const GuestMemory& memory, std::uint64_t list, std::uint64_t bytes) {
  if (bytes > memory.ram_pages() << kPageShift) return std::nullopt;
  GuestObject object;
  object.memory_ = &memory;
  object.bytes_ = bytes;
  object.frames_.resize((bytes + kPageSize - 1) >> kPageShift);
  if (!memory.copy_in(GuestVirt(list), std::as_writable_bytes(std::span(object.frames_)))) return std::nullopt;
  const bool can_read = std::ranges::all_of(object.frames_, [&](std::uint64_t frame) { return memory.can_read(GuestFrame(frame)); });
  if (!can_read) return std::nullopt;
  return object;
}

void GuestObject::copy_to(std::span<std::byte> out) const {
  PV_CHECK(out.size() == bytes_);
  for (const std::uint64_t frame : frames_) {
    const auto piece = out.first(std::min<std::size_t>(out.size(), kPageSize));
    PV_CHECK(memory_->copy_in(GuestFrame(frame), 0, piece));
    out = out.subspan(piece.size());
  }
}

}  // namespace pvisor
