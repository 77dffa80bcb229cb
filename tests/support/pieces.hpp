// SPDX-License-Identifier: MIT
// Hands bytes to a decoder of the loader in pieces of one size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace pvloader::test {

struct Pieces {
  std::span<const std::byte> left;
  std::size_t piece;  ///< SIZE_MAX: all at once

  static std::span<const std::byte> pull(void* context) {
    auto& self = *static_cast<Pieces*>(context);
    const auto next = self.left.first(std::min(self.left.size(), self.piece));
    self.left = self.left.subspan(next.size());
    return next;
  }
};

}  // namespace pvloader::test
