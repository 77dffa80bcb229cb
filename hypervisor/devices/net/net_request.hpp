// SPDX-License-Identifier: MIT
// The slots of a packet on the tx ring put together, or a refusal. Pure: looks at copies of the slots, changes nothing. Layout
// and numbers: pvabi/io/netif.h.
//
//   NetPacketDecoder decoder;
//   while (decoder.add(ring.take()) == NetPacketDecoder::Step::More) ...   // a packet that ends before its last slot is broken
//   decoder.packet()
//
// What is refused is answered with an error, slot by slot, and the device goes on. What is broken leaves no doubt that the
// front end does not know what it does, or that the ring cannot be followed any more: the device is switched off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <pvabi/io/netif.h>

#include "core/ids.hpp"

namespace pvisor {

/// Part of one granted page.
struct NetPart {
  GrantRef grant;
  std::uint32_t offset = 0;  ///< bytes
  std::uint32_t length = 0;  ///< may be 0; inside the page
};

/// What one slot is answered with if all goes well: OKAY, or NULL if it held an extra_info.
struct NetSlot {
  std::uint16_t id = 0;
  bool is_extra = false;
};

class NetPacketDecoder {
 public:
  /// Data slots of a packet, and from which number on a front end is no longer believed.
  static constexpr std::uint32_t kMaxSlots = PV_NETIF_NR_SLOTS_MIN;
  static constexpr std::uint32_t kBrokenSlots = 20;
  static constexpr std::uint32_t kMaxExtras = PV_NETIF_EXTRA_TYPE_MAX - 1;

  enum class Step : std::uint8_t { More, Done, Broken };

  [[nodiscard]] Step add(const pv_netif_tx_request& slot);

  /// After Done.
  [[nodiscard]] bool is_refused() const { return is_refused_; }
  /// After Broken: what is wrong, in a few words.
  [[nodiscard]] const char* broken() const { return broken_; }
  /// All slots of the packet, to be answered in this order.
  [[nodiscard]] std::span<const NetSlot> slots() const { return std::span(slots_).first(slot_count_); }

  // After Done, if it is not refused:
  [[nodiscard]] std::span<const NetPart> parts() const { return std::span(parts_).first(part_count_); }
  [[nodiscard]] std::uint32_t size() const { return size_; }         ///< sum of the parts
  [[nodiscard]] std::uint16_t flags() const { return flags_; }       ///< of the first slot
  [[nodiscard]] std::uint16_t segment_size() const { return gso_; }  ///< 0: none

 private:
  enum class Awaits : std::uint8_t { First, Extra, Data };

  [[nodiscard]] Step add_first(const pv_netif_tx_request& slot);
  [[nodiscard]] Step add_extra(const pv_netif_tx_request& slot);
  [[nodiscard]] Step add_data(const pv_netif_tx_request& slot);
  [[nodiscard]] Step add_gso(const pv_netif_extra_info& extra);
  [[nodiscard]] Step finish();
  [[nodiscard]] Step break_off(const char* why);

  Awaits awaits_ = Awaits::First;
  bool has_data_ = false;  ///< data slots follow the extras
  bool is_refused_ = false;
  const char* broken_ = nullptr;
  std::uint16_t flags_ = 0;
  std::uint16_t gso_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t rest_ = 0;  ///< of size_, not yet in a part; in the end that of the first
  std::uint32_t extra_types_ = 0;
  std::uint32_t data_slots_ = 0;
  std::uint32_t slot_count_ = 0;
  std::uint32_t part_count_ = 0;
  std::array<NetSlot, kBrokenSlots + kMaxExtras> slots_;
  std::array<NetPart, kBrokenSlots> parts_;
};

}  // namespace pvisor
