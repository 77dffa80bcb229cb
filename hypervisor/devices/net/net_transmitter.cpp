// SPDX-License-Identifier: MIT
#include "devices/net/net_transmitter.hpp"

#include <span>

namespace pvisor {

NetTransmitter::Progress NetTransmitter::run() {
  std::uint32_t taken = 0;
  while (taken < kBudget) {
    auto ready = ring_.pending();
    if (ready == 0U) ready = ring_.final_check();
    if (!ready) {
      broken_ = "the tx ring's request index is impossible";
      return Progress::Broken;
    }
    if (*ready == 0) return Progress::Idle;
    const std::uint32_t before = *ready;
    while (*ready > 0 && taken + (before - *ready) < kBudget) {
      if (!ingress_.may_transmit()) return Progress::Held;
      if (!take_packet(*ready)) return Progress::Broken;
    }
    taken += before - *ready;
  }
  return Progress::More;
}

/// Takes one packet of at most `ready` slots, and counts them off.
bool NetTransmitter::take_packet(std::uint32_t& ready) {
  NetPacketDecoder packet;
  auto step = NetPacketDecoder::Step::More;
  while (step == NetPacketDecoder::Step::More) {
    if (ready == 0) {
      broken_ = "a packet without its last slots";
      return false;
    }
    --ready;
    step = packet.add(ring_.take());
  }
  if (step == NetPacketDecoder::Step::Broken) {
    broken_ = packet.broken();
    return false;
  }
  handle(packet);
  return true;
}

void NetTransmitter::handle(const NetPacketDecoder& packet) {
  if (packet.is_refused() || !gather(packet)) {
    ingress_.refuse();
    return answer(packet, PV_NETIF_RSP_ERROR);
  }
  const std::span<std::byte> bytes = std::span(scratch_).first(packet.size());
  NetFrame frame{.bytes = bytes};
  frame.checksum_blank = (packet.flags() & PV_NETTXF_CSUM_BLANK) != 0;
  frame.validated = (packet.flags() & (PV_NETTXF_DATA_VALIDATED | PV_NETTXF_CSUM_BLANK)) != 0;
  frame.segment_size = packet.segment_size();
  answer(packet, ingress_.transmit(bytes, frame) ? PV_NETIF_RSP_OKAY : PV_NETIF_RSP_ERROR);
}

bool NetTransmitter::gather(const NetPacketDecoder& packet) {
  std::size_t at = 0;
  for (const NetPart& part : packet.parts()) {
    if (part.length == 0) continue;  // whatever it names is not looked at
    std::int16_t status = 0;
    const auto use = grants_.use(part.grant, kMonitorDomain, FrameAccess::ReadOnly, status);
    if (!use || !use->copy_in(part.offset, std::span(scratch_).subspan(at, part.length))) return false;
    at += part.length;
  }
  return true;
}

void NetTransmitter::answer(const NetPacketDecoder& packet, std::int16_t status) {
  for (const NetSlot& slot : packet.slots()) {
    ring_.push_response({slot.id, slot.is_extra ? std::int16_t{PV_NETIF_RSP_NULL} : status});
  }
}

}  // namespace pvisor
