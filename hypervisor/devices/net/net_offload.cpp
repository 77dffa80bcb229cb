// SPDX-License-Identifier: MIT
#include "devices/net/net_offload.hpp"

#include <algorithm>
#include <cstring>

#include "devices/net/frame_headers.hpp"

namespace pvisor {
namespace {

constexpr std::size_t kTcpSequence = 4;
constexpr std::size_t kTcpFlags = 13;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kPush = 0x08;
constexpr std::uint8_t kWindowReduced = 0x80;

}  // namespace

bool check_offload(std::span<std::byte> bytes, NetFrame& frame) {
  if (!frame.checksum_blank && frame.segment_size == 0) return true;
  const auto place = find_transport(bytes);
  if (!place) return false;
  if (frame.segment_size == 0) return true;
  const std::size_t payload = place->end - place->payload;
  if (place->is_ipv6 || !place->is_tcp || payload > frame.segment_size * kMaxSegments) return false;
  if (!frame.checksum_blank) blank_checksum(bytes, *place);
  frame.checksum_blank = frame.validated = true;
  if (payload <= frame.segment_size) frame.segment_size = 0;  // it is one segment
  return true;
}

bool NetOffload::takes_blank(const NetFrame& frame, const NetAbilities& abilities) {
  if (abilities.checksum_ipv4 == abilities.checksum_ipv6) return abilities.checksum_ipv4;
  return find_transport(frame.bytes)->is_ipv6 ? abilities.checksum_ipv6 : abilities.checksum_ipv4;
}

std::size_t NetOffload::cut(const NetFrame& frame, std::size_t& at) {
  const TransportPlace whole = *find_transport(frame.bytes);
  const std::size_t length = whole.end - whole.payload;
  if (at >= length) return 0;
  const std::size_t part = std::min<std::size_t>(frame.segment_size, length - at);
  const std::span<std::byte> out = std::span(room_).first(whole.payload + part);
  std::memcpy(out.data(), frame.bytes.data(), whole.payload);
  std::memcpy(out.data() + whole.payload, frame.bytes.data() + whole.payload + at, part);

  TransportPlace place = whole;
  place.end = out.size();
  write_be16(out, place.network + 2, static_cast<std::uint16_t>(place.end - place.network));
  const auto number = static_cast<std::uint16_t>(at / frame.segment_size);
  write_be16(out, place.network + 4, static_cast<std::uint16_t>(read_be16(out, place.network + 4) + number));
  const std::size_t sequence = place.transport + kTcpSequence;
  write_be32(out, sequence, read_be32(out, sequence) + static_cast<std::uint32_t>(at));
  auto flags = static_cast<std::uint8_t>(out[place.transport + kTcpFlags]);
  if (at + part < length) flags &= static_cast<std::uint8_t>(~(kFin | kPush));
  if (at != 0) flags &= static_cast<std::uint8_t>(~kWindowReduced);
  out[place.transport + kTcpFlags] = static_cast<std::byte>(flags);
  fill_ipv4_checksum(out, place);
  fill_checksum(out, place);
  at += part;
  return out.size();
}

std::size_t NetOffload::fill(const NetFrame& frame) {
  std::memcpy(room_.data(), frame.bytes.data(), frame.bytes.size());
  const std::span<std::byte> out = std::span(room_).first(frame.bytes.size());
  fill_checksum(out, *find_transport(out));
  return out.size();
}

}  // namespace pvisor
