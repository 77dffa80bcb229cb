// SPDX-License-Identifier: MIT
#include "devices/net/net_receiver.hpp"

#include <algorithm>
#include <bit>
#include <span>

namespace pvisor {
namespace {

/// An extra_info stands where a response would.
pv_netif_rx_response as_response(std::uint16_t segment_size) {
  pv_netif_extra_info extra{};
  extra.type = PV_NETIF_EXTRA_TYPE_GSO;
  extra.u.gso.size = segment_size;
  extra.u.gso.type = PV_NETIF_GSO_TYPE_TCPV4;
  return std::bit_cast<pv_netif_rx_response>(extra);
}

std::uint16_t flags_of(const NetFrame& frame) {
  std::uint32_t flags = 0;
  if (frame.checksum_blank) flags |= PV_NETRXF_CSUM_BLANK;
  if (frame.validated) flags |= PV_NETRXF_DATA_VALIDATED;
  if (frame.segment_size != 0) flags |= PV_NETRXF_EXTRA_INFO;
  return static_cast<std::uint16_t>(flags);
}

}  // namespace

void NetReceiver::receive(const NetFrame& frame) {
  offload_.adapt(frame, abilities_, [this](const NetFrame& adapted) { place(adapted); });
}

void NetReceiver::place(const NetFrame& frame) {
  if (is_broken_) return;
  if (!abilities_.scatter && frame.bytes.size() > kPageSize) {
    ++statistics_.dropped;
    return;
  }
  if (waiting_.empty() && has_slots(slots_for(frame))) return put(frame);
  keep(frame);
}

bool NetReceiver::run() {
  while (!waiting_.empty() && !is_broken_) {
    const Waiting& first = waiting_.front();
    const NetFrame frame{first.bytes, first.checksum_blank, first.validated, first.segment_size};
    if (!has_slots(slots_for(frame))) break;
    put(frame);
    waiting_bytes_ -= first.bytes.size();
    waiting_.pop_front();
  }
  return !is_broken_;
}

std::uint32_t NetReceiver::slots_for(const NetFrame& frame) {
  const auto pages = static_cast<std::uint32_t>((frame.bytes.size() + kPageSize - 1) / kPageSize);
  return pages + (frame.segment_size != 0 ? 1 : 0);
}

/// If there are fewer, the guest will ring when it has posted them.
bool NetReceiver::has_slots(std::uint32_t count) {
  auto ready = ring_.pending();
  if (ready && *ready < count) ready = ring_.final_check(count);
  is_broken_ = !ready;
  return ready && *ready >= count;
}

void NetReceiver::keep(const NetFrame& frame) {
  if (is_broken_) return;
  if (waiting_.size() >= kMaxWaitingFrames || waiting_bytes_ + frame.bytes.size() > kMaxWaitingBytes) {
    ++statistics_.dropped;
    return;
  }
  waiting_.push_back({{frame.bytes.begin(), frame.bytes.end()}, frame.checksum_blank, frame.validated, frame.segment_size});
  waiting_bytes_ += frame.bytes.size();
}

/// Precondition: has_slots(slots_for(frame)).
void NetReceiver::put(const NetFrame& frame) {
  bool is_whole = true;
  for (std::size_t at = 0; at < frame.bytes.size(); at += kPageSize) {
    const auto part = frame.bytes.subspan(at, std::min<std::size_t>(kPageSize, frame.bytes.size() - at));
    const pv_netif_rx_request slot = ring_.take();
    const std::int16_t status = put_part(GrantRef(slot.gref), part);
    is_whole = is_whole && status >= 0;
    std::uint16_t flags = at == 0 ? flags_of(frame) : std::uint16_t{0};
    if (at + part.size() < frame.bytes.size()) flags |= PV_NETRXF_MORE_DATA;
    ring_.push_response({slot.id, 0, flags, status});
    if (at == 0 && frame.segment_size != 0) {
      (void)ring_.take();  // its page stays as it is
      ring_.push_response(as_response(frame.segment_size));
    }
  }
  if (is_whole) {
    statistics_.received.add(frame.bytes.size());
  } else {
    ++statistics_.dropped;
  }
}

std::int16_t NetReceiver::put_part(GrantRef grant, std::span<const std::byte> part) {
  std::int16_t status = 0;
  const auto use = grants_.use(grant, kMonitorDomain, FrameAccess::ReadWrite, status);
  if (!use || !use->copy_out(0, part)) return PV_NETIF_RSP_ERROR;
  return static_cast<std::int16_t>(part.size());
}

}  // namespace pvisor
