// SPDX-License-Identifier: MIT
// TCP and UDP frames for tests, and their checksums computed as the standards have them, number by number.
#pragma once

#include <cstdint>
#include <string>

#include "support/net_test_world.hpp"

namespace pvisor {

inline void append_be16(std::string& bytes, unsigned value) {
  bytes += static_cast<char>(value >> 8);
  bytes += static_cast<char>(value & 0xff);
}
inline unsigned be16_at(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned>(static_cast<std::uint8_t>(bytes.at(at))) << 8 | static_cast<std::uint8_t>(bytes.at(at + 1));
}

struct IpFrame {
  bool is_ipv6 = false;
  bool is_tcp = true;
  std::size_t payload = 100;
  std::uint8_t tcp_flags = 0x10;
  std::size_t padding = 0;
  MacAddress to = test_mac(2);
  MacAddress from = test_mac(1);

  [[nodiscard]] std::size_t transport() const { return is_ipv6 ? 54 : 34; }
  [[nodiscard]] std::size_t header() const { return is_tcp ? 20 : 8; }
  [[nodiscard]] std::size_t checksum_at() const { return transport() + (is_tcp ? 16 : 6); }

  /// With a right IPv4 header checksum and 0xbad0 in the place of the transport's.
  [[nodiscard]] std::string bytes() const {
    std::string out = test_frame(to, from, 12);
    append_be16(out, is_ipv6 ? 0x86dd : 0x0800);
    const auto length = static_cast<unsigned>(header() + payload);
    if (is_ipv6) {
      out += std::string("\x60\0\0\0", 4);
      append_be16(out, length);
      out += static_cast<char>(is_tcp ? 6 : 17);
      out += '\x40';
      for (unsigned i = 0; i < 32; ++i) out += static_cast<char>(0xf0 + i);
    } else {
      out += std::string("\x45\0", 2);
      append_be16(out, 20 + length);
      out += std::string("\x12\xff\x40\0\x40", 5);
      out += static_cast<char>(is_tcp ? 6 : 17);
      out += std::string("\0\0\x0a\0\x02\x0f\x0a\0\x02\x02", 10);
      const unsigned sum = inverted(sum_of(out.substr(14, 20)));
      out[24] = static_cast<char>(sum >> 8);
      out[25] = static_cast<char>(sum & 0xff);
    }
    append_be16(out, 40000);
    append_be16(out, 80);
    if (is_tcp) {
      out += std::string("\x10\xff\xff\xf0\0\0\0\x07\x50", 9);
      out += static_cast<char>(tcp_flags);
      out += std::string("\x20\0\xba\xd0\0\0", 6);
    } else {
      append_be16(out, length);
      out += "\xba\xd0";
    }
    for (std::size_t i = 0; i < payload; ++i) out += static_cast<char>(i * 13 + (i >> 7));
    return out + std::string(padding, '\x55');
  }

  /// What the transport's checksum of these bytes must be.
  [[nodiscard]] static unsigned right_checksum(const std::string& frame) {
    const bool ipv6 = be16_at(frame, 12) == 0x86dd;
    const std::size_t transport = ipv6 ? 54 : 34;
    const std::size_t end = ipv6 ? 54 + be16_at(frame, 18) : 14 + be16_at(frame, 16);
    const bool tcp = frame[ipv6 ? 20 : 23] == 6;
    std::string packet = frame.substr(transport, end - transport);
    const std::size_t at = tcp ? 16 : 6;
    packet[at] = packet[at + 1] = '\0';
    std::string pseudo = ipv6 ? frame.substr(22, 32) : frame.substr(26, 8);
    append_be16(pseudo, static_cast<unsigned>(packet.size()));
    append_be16(pseudo, tcp ? 6 : 17);
    const unsigned sum = inverted(sum_of(pseudo + packet));
    return sum == 0 && !tcp ? 0xffff : sum;
  }
  [[nodiscard]] static unsigned checksum_in(const std::string& frame) {
    const bool ipv6 = be16_at(frame, 12) == 0x86dd;
    return be16_at(frame, (ipv6 ? 54U : 34U) + (frame[ipv6 ? 20 : 23] == 6 ? 16U : 6U));
  }
  [[nodiscard]] static bool has_right_ipv4_header(const std::string& frame) { return sum_of(frame.substr(14, 20)) == 0xffff; }

  static unsigned sum_of(const std::string& bytes) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      sum += i + 1 < bytes.size() ? be16_at(bytes, i) : static_cast<unsigned>(static_cast<std::uint8_t>(bytes[i])) << 8;
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
  }
  static unsigned inverted(unsigned sum) { return ~sum & 0xffff; }
};

}  // namespace pvisor
