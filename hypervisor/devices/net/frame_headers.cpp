// SPDX-License-Identifier: MIT
#include "devices/net/frame_headers.hpp"

#include <algorithm>
#include <cstring>

#include "devices/net/net_frame.hpp"

namespace pvisor {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint16_t kVlan = 0x8100;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
/// Of IPv6, in front of the transport's header.
constexpr int kMaxExtensions = 8;

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

/// Sum of 16-bit numbers in network order, folded by sum_end(). An odd last byte is the high half of a number.
std::uint64_t sum_of(std::span<const std::byte> bytes, std::uint64_t sum = 0) {
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);  // in the host's order: the sum is turned round in the end
    sum += word;
  }
  if (at < bytes.size()) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    sum += word;
  }
  return sum;
}

/// A sum as it stands in a header, not inverted.
std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

void write_sum(std::span<std::byte> frame, std::size_t at, std::uint16_t sum) { std::memcpy(frame.data() + at, &sum, sizeof sum); }

/// A number of two bytes as it counts in a sum of the host's order.
std::uint64_t in_host_order(std::uint32_t number) { return (number & 0xff) << 8 | (number >> 8 & 0xff); }

std::uint64_t pseudo_header(std::span<const std::byte> frame, const TransportPlace& place) {
  const std::size_t addresses = place.network + (place.is_ipv6 ? 8 : 12);
  const auto length = static_cast<std::uint32_t>(place.end - place.transport);
  return sum_of(frame.subspan(addresses, place.is_ipv6 ? 32 : 8)) + in_host_order(length) + in_host_order(place.is_tcp ? kTcp : kUdp);
}

/// The IPv4 header at `network`, if all of the packet is in the frame and it is no fragment.
std::optional<TransportPlace> in_ipv4(std::span<const std::byte> frame, std::size_t network, std::uint8_t& protocol) {
  if (frame.size() < network + kIpv4Header || byte_at(frame, network) >> 4 != 4) return std::nullopt;
  const std::size_t header = static_cast<std::size_t>(byte_at(frame, network) & 0xf) * 4;
  const std::size_t total = read_be16(frame, network + 2);
  const bool is_fragment = (read_be16(frame, network + 6) & 0x3fff) != 0;
  if (header < kIpv4Header || total < header || total > frame.size() - network || is_fragment) return std::nullopt;
  protocol = byte_at(frame, network + 9);
  return TransportPlace{false, false, network, network + header, 0, network + total};
}

std::optional<TransportPlace> in_ipv6(std::span<const std::byte> frame, std::size_t network, std::uint8_t& protocol) {
  if (frame.size() < network + kIpv6Header || byte_at(frame, network) >> 4 != 6) return std::nullopt;
  const std::size_t end = network + kIpv6Header + read_be16(frame, network + 4);
  if (end > frame.size()) return std::nullopt;
  protocol = byte_at(frame, network + 6);
  std::size_t at = network + kIpv6Header;
  for (int i = 0; i < kMaxExtensions; ++i) {
    const bool is_extension = protocol == 0 || protocol == 60;  // hop by hop, for the destination; routing changes the address
    if (!is_extension) return TransportPlace{true, false, network, at, 0, end};
    if (end - at < 8) return std::nullopt;
    protocol = byte_at(frame, at);
    at += (std::size_t{byte_at(frame, at + 1)} + 1) * 8;
    if (at > end) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TransportPlace> find_transport(std::span<const std::byte> frame) {
  if (frame.size() < kEthernetHeader) return std::nullopt;
  std::size_t type_at = 12;
  if (read_be16(frame, type_at) == kVlan) type_at += 4;
  if (frame.size() < type_at + 2) return std::nullopt;
  std::uint8_t protocol = 0;
  std::optional<TransportPlace> place;
  if (read_be16(frame, type_at) == kIpv4) place = in_ipv4(frame, type_at + 2, protocol);
  if (read_be16(frame, type_at) == kIpv6) place = in_ipv6(frame, type_at + 2, protocol);
  if (!place || (protocol != kTcp && protocol != kUdp)) return std::nullopt;
  place->is_tcp = protocol == kTcp;
  const std::size_t room = place->end - place->transport;
  if (room < (place->is_tcp ? 20U : 8U)) return std::nullopt;
  const std::size_t header = place->is_tcp ? static_cast<std::size_t>(byte_at(frame, place->transport + 12) >> 4) * 4 : 8;
  if (header < (place->is_tcp ? 20U : 8U) || header > room) return std::nullopt;
  place->payload = place->transport + header;
  return place;
}

void fill_checksum(std::span<std::byte> frame, const TransportPlace& place) {
  write_sum(frame, place.checksum(), 0);
  const auto packet = frame.subspan(place.transport, place.end - place.transport);
  const auto sum = static_cast<std::uint16_t>(~folded(sum_of(packet, pseudo_header(frame, place))));
  // 0 says "none" over UDP; the same number has a second form.
  write_sum(frame, place.checksum(), sum == 0 && !place.is_tcp ? std::uint16_t{0xffff} : sum);
}

void blank_checksum(std::span<std::byte> frame, const TransportPlace& place) {
  write_sum(frame, place.checksum(), folded(pseudo_header(frame, place)));
}

void fill_ipv4_checksum(std::span<std::byte> frame, const TransportPlace& place) {
  write_sum(frame, place.network + 10, 0);
  const auto header = frame.subspan(place.network, place.transport - place.network);
  write_sum(frame, place.network + 10, static_cast<std::uint16_t>(~folded(sum_of(header))));
}

std::uint16_t read_be16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

std::uint32_t read_be32(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read_be16(bytes, at)) << 16 | read_be16(bytes, at + 2);
}

void write_be16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}

void write_be32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  write_be16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  write_be16(bytes, at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

}  // namespace pvisor
