// SPDX-License-Identifier: MIT
// The one place where a guest address or frame becomes a host pointer.
#include "core/guest_memory.hpp"

#include <cstring>

#include "base/assert.hpp"

namespace pvisor {

GuestMemory::GuestMemory(std::shared_ptr<Ram> ram, GuestVirt virt_base, std::uint64_t ram_pages)
    : ram_(std::move(ram)),
      base_(ram_->bytes().data()),
      pins_(std::make_shared<PinCounts>(ram_pages)),
      views_(std::make_shared<FrameViews>(ram_pages)),
      virt_base_(virt_base),
      ram_pages_(ram_pages),
      total_pages_(ram_->bytes().size() / kPageSize) {
  PV_CHECK(ram_pages_ <= total_pages_);
}

bool GuestMemory::copy_in(GuestVirt from, std::span<std::byte> out) const {
  const auto offset = offset_of(from, out.size(), FrameAccess::ReadOnly);
  if (!offset) return false;
  fetch(*offset, out);
  return true;
}

bool GuestMemory::copy_out(GuestVirt to, std::span<const std::byte> in) const {
  const auto offset = offset_of(to, in.size(), FrameAccess::ReadWrite);
  if (!offset) return false;
  if (!in.empty()) std::memcpy(host(*offset), in.data(), in.size());
  return true;
}

bool GuestMemory::contains(GuestVirt address, std::uint64_t length) const {
  return offset_of(address, length, FrameAccess::ReadOnly).has_value();
}

bool GuestMemory::is_writable(GuestVirt address, std::uint64_t length) const {
  return offset_of(address, length, FrameAccess::ReadWrite).has_value();
}

std::optional<GuestFrame> GuestMemory::frame_at(GuestVirt address) const {
  const std::uint64_t offset = address.value() - virt_base_.value();
  if (address < virt_base_ || offset >= total_pages_ << kPageShift) return std::nullopt;
  return GuestFrame{offset >> kPageShift};
}

bool GuestMemory::copy_in(GuestFrame from, std::uint64_t offset, std::span<std::byte> out) const {
  if (!can_read(from) || !range_inside<std::uint64_t>(offset, out.size(), kPageSize)) return false;
  fetch((from.value() << kPageShift) + offset, out);
  return true;
}

bool GuestMemory::copy_out(GuestFrame to, std::uint64_t offset, std::span<const std::byte> in) const {
  if (!exists(to) || !range_inside<std::uint64_t>(offset, in.size(), kPageSize)) return false;
  if (!views_->allow(to.value(), 1, FrameAccess::ReadWrite)) return false;
  if (!in.empty()) std::memcpy(host((to.value() << kPageShift) + offset), in.data(), in.size());
  return true;
}

std::optional<SharedPage> GuestMemory::share(GuestFrame frame) const {
  if (!exists(frame) || !views_->allow(frame.value(), 1, FrameAccess::ReadWrite)) return std::nullopt;
  return SharedPage(ram_, host(frame.value() << kPageShift));
}

std::optional<IoSpan> GuestMemory::pin(GuestFrame frame, std::uint32_t offset, std::uint32_t length) const {
  if (!shows_own(frame) || !range_inside<std::uint64_t>(offset, length, kPageSize)) return std::nullopt;
  return IoSpan(ram_, pins_, frame.value(), host((frame.value() << kPageShift) + offset), length);
}

bool GuestMemory::allows(std::uint64_t offset, std::uint64_t length, FrameAccess access) const {
  const std::uint64_t first = offset >> kPageShift;
  const std::uint64_t last = (offset + length - 1) >> kPageShift;
  return views_->allow(first, last - first + 1, access);
}

bool GuestMemory::is_pinned(GuestFrame frame) const {
  return is_ram(frame) && (*pins_)[frame.value()] != 0;
}

void GuestMemory::fetch(std::uint64_t byte_offset, std::span<std::byte> out) const {
  if (out.empty()) return;
  std::memcpy(out.data(), host(byte_offset), out.size());
  announce_fetch(host(byte_offset), out.size());
}

}  // namespace pvisor
