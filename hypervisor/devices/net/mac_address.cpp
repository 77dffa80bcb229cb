// SPDX-License-Identifier: MIT
#include "devices/net/mac_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pvisor {
namespace {

constexpr std::size_t kTextLength = 17;

/// FNV-1a: small, and the same everywhere and always.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100'0000'01b3;
  return hash;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  MacAddress address;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const std::string_view pair = text.substr(i * 3, 2);
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), address.bytes[i], 16);
    if (error != std::errc() || end != pair.data() + pair.size()) return std::nullopt;
    if (i + 1 < address.bytes.size() && text[i * 3 + 2] != ':') return std::nullopt;
  }
  return address;
}

MacAddress MacAddress::derive(std::string_view domain, std::size_t index) {
  const std::uint64_t hash = hash_of(fmt::format("{}/{}", domain, index));
  const auto byte = [&](int shift) { return static_cast<std::uint8_t>((hash ^ hash >> 24) >> shift); };
  return {{0x00, 0x16, 0x3e, byte(16), byte(8), byte(0)}};
}

MacAddress MacAddress::from_frame(std::span<const std::byte> frame, std::size_t at) {
  MacAddress address;
  std::transform(frame.begin() + static_cast<std::ptrdiff_t>(at), frame.begin() + static_cast<std::ptrdiff_t>(at + 6), address.bytes.begin(),
                 [](std::byte b) { return static_cast<std::uint8_t>(b); });
  return address;
}

std::uint64_t MacAddress::number() const {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

std::string MacAddress::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

}  // namespace pvisor
