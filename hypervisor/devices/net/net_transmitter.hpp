// SPDX-License-Identifier: MIT
// NetTransmitter: the tx half of a connected interface. Takes packets off the ring, copies them together and hands them on.
//
// What happens to a packet: slots taken one by one -> decoded together -> each granted part copied once into the scratch frame
// -> FrameIngress::transmit, which looks at the copy only -> every slot answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <pvabi/io/netif.h>

#include "core/grant_table.hpp"
#include "devices/net/net_frame.hpp"
#include "devices/net/net_request.hpp"
#include "devices/ring.hpp"

namespace pvisor {

/// Who takes a guest's packets.
class FrameIngress {
 public:
  virtual ~FrameIngress() = default;
  /// False: not now. The run ends, and another begins when it is allowed again.
  [[nodiscard]] virtual bool may_transmit() = 0;
  /// `bytes` are those of the frame; they may be changed on the way. False: refused.
  [[nodiscard]] virtual bool transmit(std::span<std::byte> bytes, NetFrame frame) = 0;
  /// One that was refused before it was a frame.
  virtual void refuse() = 0;
};

class NetTransmitter {
 public:
  using Ring = BackRing<pv_netif_tx_request, pv_netif_tx_response>;
  /// Slots taken in one run: a ringful.
  static constexpr std::uint32_t kBudget = PV_NETIF_TX_RING_ENTRIES;

  enum class Progress : std::uint8_t { Idle, More, Held, Broken };

  NetTransmitter(GrantTable& grants, NetScratch& scratch, FrameIngress& ingress, Ring ring)
      : grants_(grants), scratch_(scratch), ingress_(ingress), ring_(std::move(ring)) {}

  /// Takes what is there, as far as the budget goes. Idle: the guest will ring for the next. Held: by who takes the packets.
  /// Broken: see broken().
  [[nodiscard]] Progress run();
  [[nodiscard]] const char* broken() const { return broken_; }
  /// Shows the answers. True if the guest wants to hear of one.
  [[nodiscard]] bool publish() { return ring_.publish(); }

 private:
  [[nodiscard]] bool take_packet(std::uint32_t& ready);
  void handle(const NetPacketDecoder& packet);
  [[nodiscard]] bool gather(const NetPacketDecoder& packet);
  void answer(const NetPacketDecoder& packet, std::int16_t status);

  GrantTable& grants_;
  NetScratch& scratch_;
  FrameIngress& ingress_;
  Ring ring_;
  const char* broken_ = nullptr;
};

}  // namespace pvisor
