// SPDX-License-Identifier: MIT
// Arithmetic on untrusted numbers. A guest or an image chooses the operands, so the overflow test is written once, here.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
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

/// Rounds up to a power-of-two alignment; nothing if the result does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_align_up(T value, T alignment) {
  const auto sum = checked_add<T>(value, static_cast<T>(alignment - 1));
  if (!sum) return std::nullopt;
  return static_cast<T>(*sum & ~static_cast<T>(alignment - 1));
}

/// Narrows if the value fits.
template <std::unsigned_integral To, std::unsigned_integral From>
[[nodiscard]] constexpr std::optional<To> checked_narrow(From value) {
  if (value > std::numeric_limits<To>::max()) return std::nullopt;
  return static_cast<To>(value);
}

}  // namespace pvisor
