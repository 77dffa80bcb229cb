// SPDX-License-Identifier: MIT
// RingPages: which guest frames are rings of connected devices, so that no page serves two of them. One per monitor, shared
// by all back ends.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "core/ids.hpp"

namespace pvisor {

class RingPages {
 public:
  /// The right to use one frame as a ring; ends with the object. Movable.
  class Claim {
   public:
    Claim(Claim&& other) noexcept : pages_(std::exchange(other.pages_, nullptr)), key_(other.key_) {}
    Claim& operator=(Claim&&) = delete;
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
      if (pages_ != nullptr) pages_->claimed_.erase(key_);
    }

   private:
    friend class RingPages;
    using Key = std::pair<DomainId, GuestFrame>;
    Claim(RingPages& pages, Key key) : pages_(&pages), key_(key) {}
    RingPages* pages_;
    Key key_;
  };

  /// Nothing if the frame is a ring already.
  [[nodiscard]] std::optional<Claim> claim(DomainId domain, GuestFrame frame) {
    if (!claimed_.emplace(domain, frame).second) return std::nullopt;
    return Claim(*this, {domain, frame});
  }
  [[nodiscard]] std::size_t size() const { return claimed_.size(); }

 private:
  std::set<Claim::Key> claimed_;
};

}  // namespace pvisor
