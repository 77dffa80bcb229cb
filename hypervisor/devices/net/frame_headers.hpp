// SPDX-License-Identifier: MIT
// The headers of a frame that carries TCP or UDP: where they are, and their checksums. Pure: for frames in the monitor's own
// memory, whose content is a guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pvisor {

struct TransportPlace {
  bool is_ipv6 = false;
  bool is_tcp = false;         ///< else UDP
  std::size_t network = 0;     ///< where the IP header begins
  std::size_t transport = 0;   ///< where the TCP or UDP header begins
  std::size_t payload = 0;     ///< where that ends
  std::size_t end = 0;         ///< of the IP packet; the frame may be padded behind it
  [[nodiscard]] std::size_t checksum() const { return transport + (is_tcp ? 16 : 6); }
};

/// Nothing if the frame holds no whole TCP or UDP packet over IPv4 or IPv6, or only a fragment of one.
[[nodiscard]] std::optional<TransportPlace> find_transport(std::span<const std::byte> frame);

/// Computes the TCP or UDP checksum and writes it, whatever stood there.
void fill_checksum(std::span<std::byte> frame, const TransportPlace& place);
/// Writes only the sum of the pseudo header there, which is what a blank checksum looks like.
void blank_checksum(std::span<std::byte> frame, const TransportPlace& place);
/// Computes the checksum of the IPv4 header and writes it.
void fill_ipv4_checksum(std::span<std::byte> frame, const TransportPlace& place);

/// Numbers in network order.
[[nodiscard]] std::uint16_t read_be16(std::span<const std::byte> bytes, std::size_t at);
[[nodiscard]] std::uint32_t read_be32(std::span<const std::byte> bytes, std::size_t at);
void write_be16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value);
void write_be32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value);

}  // namespace pvisor
