// SPDX-License-Identifier: MIT
// HostForward: QEMU's words for it.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "devices/net/user_net.hpp"

namespace pvisor {
namespace {

/// A decimal number of at most `most`, taken off the text.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > most) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// "1.2.3.4:5" or ":5"; the whole text.
bool parse_end(std::string_view text, std::uint32_t& address, std::uint16_t& port) {
  if (!text.starts_with(":")) {
    address = 0;
    for (int i = 0; i < 4; ++i) {
      if (i > 0 && !take(text, ".")) return false;
      const auto byte = take_number(text, 255);
      if (!byte) return false;
      address = address << 8 | *byte;
    }
  }
  if (!take(text, ":")) return false;
  const auto number = take_number(text, 65535);
  if (!number || *number == 0 || !text.empty()) return false;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

std::string address_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
}

}  // namespace

std::optional<HostForward> HostForward::parse(std::string_view text) {
  HostForward forward;
  forward.is_udp = text.starts_with("udp:");
  if (!forward.is_udp && !text.starts_with("tcp:")) return std::nullopt;
  text.remove_prefix(4);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  if (!parse_end(text.substr(0, dash), forward.host_address, forward.host_port)) return std::nullopt;
  if (!parse_end(text.substr(dash + 1), forward.guest_address, forward.guest_port)) return std::nullopt;
  return forward;
}

std::string HostForward::to_string() const {
  return fmt::format("{}:{}:{}-{}:{}", is_udp ? "udp" : "tcp", address_text(host_address), host_port, address_text(guest_address), guest_port);
}

}  // namespace pvisor
