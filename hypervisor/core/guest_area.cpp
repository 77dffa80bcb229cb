// SPDX-License-Identifier: MIT
#include "core/guest_area.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "core/domain.hpp"

namespace pvisor {

std::optional<GuestArea> GuestArea::create(Domain& domain, GuestVirt at, std::uint32_t bytes) {
  PV_CHECK(at.value() % kAlignment == 0);
  const GuestMemory& memory = domain.memory();
  if (!memory.contains(at, bytes)) return std::nullopt;
  std::vector<Piece> pieces;
  for (std::uint64_t address = at.value(), left = bytes; left > 0;) {
    const auto offset = static_cast<std::uint32_t>(address % kPageSize);
    const auto piece = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageSize - offset));
    const GuestFrame frame = memory.frame_at(GuestVirt(address)).value();
    auto pin = memory.pin(frame, offset, piece);
    if (!pin) return std::nullopt;
    pieces.push_back({memory.share(frame).value(), std::move(*pin)});
    address += piece;
    left -= piece;
  }
  return GuestArea(at, std::move(pieces));
}

}  // namespace pvisor
