// SPDX-License-Identifier: MIT
// Arithmetic on untrusted numbers. A guest or an image chooses the operands, so the overflow test is written once, here.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

namespace pvisor {

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// True if [offset, offset + length) lies inside [0, size). Never overflows; an empty range at `size` is inside.
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool range_inside(T offset, T length, T size) {
  return offset <= size && length <= size - offset;
}

}  // namespace pvisor
