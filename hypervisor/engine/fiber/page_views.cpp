// SPDX-License-Identifier: MIT
// What the addresses of a fiber guest show other than their own frame: special frames, nothing, or nothing any more. The host's
// mappings are the guest's, so a frame that is not shown cannot be reached by the monitor either; the core knows and does not try.
#include <sys/mman.h>

#include <cstring>

#include "base/assert.hpp"
#include "engine/fiber/address_space.hpp"

namespace pvisor::fiber {

bool FiberAddressSpace::show_special(std::uint64_t frame, std::uint64_t special, FrameAccess access) {
  if (!ram_->prepare_restore()) return false;
  std::byte* at = host(frame);
  auto covered = std::make_unique<std::byte[]>(kPage);
  std::memcpy(covered.get(), at, kPage);
  // Special frames are shared memory: with length 0 the page is mapped here as well, and stays where it was.
  // For want of room it is refused before anything has changed.
  if (::mremap(host(special), 0, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at) return false;
  if (access == FrameAccess::ReadOnly && ::mprotect(at, kPage, PROT_READ) != 0) {
    ram_->restore(at, covered.get());
    return false;
  }
  shown_[frame] = {nullptr, std::move(covered)};
  return true;
}

bool FiberAddressSpace::show_nothing(std::uint64_t frame) { return ::mprotect(host(frame), kPage, PROT_NONE) == 0; }

bool FiberAddressSpace::show_own(std::uint64_t frame) {
  const auto shown = shown_.find(frame);
  if (shown == shown_.end()) return ::mprotect(host(frame), kPage, kGuestProtection) == 0;
  if (!put_private(host(frame), shown->second.covered.get())) return false;
  shown_.erase(shown);
  return true;
}

bool FiberAddressSpace::release(std::uint64_t first, std::uint64_t count) {
  if (::mprotect(host(first), count * kPage, PROT_NONE) != 0) return false;
  PV_CHECK(::madvise(host(first), count * kPage, MADV_DONTNEED) == 0);
  return true;
}

bool FiberAddressSpace::populate(std::uint64_t first, std::uint64_t count) {
  return ::mprotect(host(first), count * kPage, kGuestProtection) == 0;
}

}  // namespace pvisor::fiber
