// SPDX-License-Identifier: MIT
// GuestObject: bytes that lie in frames of a guest anywhere, named by a list: the parts of a chain-load. Finding it checks
// everything; it can be large, so it is copied later and once, to where it is needed. Reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/guest_memory.hpp"

namespace pvisor {

class GuestObject {
 public:
  /// Of no bytes.
  GuestObject() = default;
  /// The object of `bytes` bytes whose frames are listed at the guest's address `list`. Nothing if a part does not exist.
  [[nodiscard]] static std::optional<GuestObject> find(const GuestMemory& memory, std::uint64_t list, std::uint64_t bytes);

  [[nodiscard]] std::uint64_t size() const { return bytes_; }
  /// Preconditions: `out` has size() bytes; since find() the guest has neither run nor ended.
  void copy_to(std::span<std::byte> out) const;

 private:
  const GuestMemory* memory_ = nullptr;
  std::vector<std::uint64_t> frames_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pvisor
