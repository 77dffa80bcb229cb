// SPDX-License-Identifier: MIT
#include "devices/net/net_request.hpp"

#include <algorithm>
#include <bit>

#include "base/checked.hpp"
#include "devices/net/net_frame.hpp"

namespace pvisor {
namespace {

/// The other layout of a slot, from the same copy.
pv_netif_extra_info extra_of(const pv_netif_tx_request& slot) {
  std::array<std::byte, sizeof(pv_netif_extra_info)> bytes;
  std::copy_n(std::as_bytes(std::span(&slot, 1)).begin(), bytes.size(), bytes.begin());
  return std::bit_cast<pv_netif_extra_info>(bytes);
}

}  // namespace

NetPacketDecoder::Step NetPacketDecoder::add(const pv_netif_tx_request& slot) {
  switch (awaits_) {
    case Awaits::First: return add_first(slot);
    case Awaits::Extra: return add_extra(slot);
    case Awaits::Data: break;
  }
  return add_data(slot);
}

NetPacketDecoder::Step NetPacketDecoder::add_first(const pv_netif_tx_request& slot) {
  slots_[slot_count_++] = {slot.id, false};
  data_slots_ = 1;
  flags_ = slot.flags;
  size_ = rest_ = slot.size;
  if (slot.size < kEthernetHeader) is_refused_ = true;
  parts_[part_count_++] = {GrantRef(slot.gref), slot.offset, 0};
  has_data_ = (slot.flags & PV_NETTXF_MORE_DATA) != 0;
  if ((slot.flags & PV_NETTXF_EXTRA_INFO) != 0) {
    awaits_ = Awaits::Extra;
    return Step::More;
  }
  awaits_ = Awaits::Data;
  return has_data_ ? Step::More : finish();
}

NetPacketDecoder::Step NetPacketDecoder::add_extra(const pv_netif_tx_request& slot) {
  const pv_netif_extra_info extra = extra_of(slot);
  if (extra.type == PV_NETIF_EXTRA_TYPE_NONE || extra.type >= PV_NETIF_EXTRA_TYPE_MAX) return break_off("an extra_info of no type");
  const std::uint32_t bit = 1U << extra.type;
  if ((extra_types_ & bit) != 0) return break_off("two extra_infos of one type");
  extra_types_ |= bit;
  slots_[slot_count_++] = {0, true};  // no id: the layout has none
  if (extra.type == PV_NETIF_EXTRA_TYPE_GSO) {
    if (add_gso(extra) == Step::Broken) return Step::Broken;
  } else {
    is_refused_ = true;  // none of the others is offered
  }
  if ((extra.flags & PV_NETIF_EXTRA_FLAG_MORE) != 0) return Step::More;
  awaits_ = Awaits::Data;
  return has_data_ ? Step::More : finish();
}

NetPacketDecoder::Step NetPacketDecoder::add_gso(const pv_netif_extra_info& extra) {
  if (extra.u.gso.size == 0) return break_off("segments of no size");
  if (extra.u.gso.type != PV_NETIF_GSO_TYPE_TCPV4 && extra.u.gso.type != PV_NETIF_GSO_TYPE_TCPV6) return break_off("an unknown type of segments");
  if (extra.u.gso.type == PV_NETIF_GSO_TYPE_TCPV6) is_refused_ = true;  // not offered
  gso_ = extra.u.gso.size;
  return Step::More;
}

NetPacketDecoder::Step NetPacketDecoder::add_data(const pv_netif_tx_request& slot) {
  if (++data_slots_ >= kBrokenSlots) return break_off("a packet of too many slots");
  slots_[slot_count_++] = {slot.id, false};
  if (!range_inside<std::uint32_t>(slot.offset, slot.size, kPageSize)) return break_off("a part that leaves its page");
  if (data_slots_ > kMaxSlots || slot.size > rest_) {
    is_refused_ = true;
  } else {
    rest_ -= slot.size;
    parts_[part_count_++] = {GrantRef(slot.gref), slot.offset, slot.size};
  }
  return (slot.flags & PV_NETTXF_MORE_DATA) != 0 ? Step::More : finish();
}

/// What the other parts leave is that of the first.
NetPacketDecoder::Step NetPacketDecoder::finish() {
  parts_[0].length = rest_;
  if (is_refused_) return Step::Done;
  if (!range_inside<std::uint32_t>(parts_[0].offset, rest_, kPageSize)) return break_off("a part that leaves its page");
  return Step::Done;
}

NetPacketDecoder::Step NetPacketDecoder::break_off(const char* why) {
  broken_ = why;
  return Step::Broken;
}

}  // namespace pvisor
