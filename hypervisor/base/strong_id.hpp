// SPDX-License-Identifier: MIT
// StrongId: an integer that only mixes with its own kind. A port is not a domain id even though both are small numbers.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace pvisor {

template <class Tag, class Rep>
class StrongId {
 public:
  using rep = Rep;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_{};
};

}  // namespace pvisor

template <class Tag, class Rep>
struct std::hash<pvisor::StrongId<Tag, Rep>> {
  std::size_t operator()(pvisor::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
