// SPDX-License-Identifier: MIT
// MacAddress: the address of an Ethernet interface.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pvisor {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  /// Six pairs of hexadecimal digits with colons between them; nothing for anything else.
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  /// Of the index-th interface of a domain that was given none: in Xen's range, and the same in each run.
  [[nodiscard]] static MacAddress derive(std::string_view domain, std::size_t index);
  /// The six bytes of a frame from `at` on. Precondition: they are there.
  [[nodiscard]] static MacAddress from_frame(std::span<const std::byte> frame, std::size_t at);

  /// For many at once, broadcast included.
  [[nodiscard]] bool is_group() const { return (bytes[0] & 1) != 0; }
  [[nodiscard]] bool is_zero() const { return *this == MacAddress{}; }
  /// As one number, for tables.
  [[nodiscard]] std::uint64_t number() const;
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const MacAddress&) const = default;
};

}  // namespace pvisor
