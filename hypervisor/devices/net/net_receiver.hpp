// SPDX-License-Identifier: MIT
// NetReceiver: the rx half of a connected interface. Puts frames into the pages that the guest has posted; what finds none waits
// in a queue of bounded size, and beyond that is dropped: a guest that does not take its frames loses its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <pvabi/io/netif.h>

#include "core/grant_table.hpp"
#include "devices/net/net_frame.hpp"
#include "devices/net/net_offload.hpp"
#include "devices/net/net_statistics.hpp"
#include "devices/ring.hpp"

namespace pvisor {

class NetReceiver {
 public:
  using Ring = BackRing<pv_netif_rx_request, pv_netif_rx_response>;
  /// What waits for pages of the guest's.
  static constexpr std::size_t kMaxWaitingBytes = 512 * 1024;
  static constexpr std::size_t kMaxWaitingFrames = PV_NETIF_RX_RING_ENTRIES;

  NetReceiver(GrantTable& grants, NetAbilities abilities, NetScratch& room, NetStatistics& statistics, Ring ring)
      : grants_(grants), abilities_(abilities), offload_(room), statistics_(statistics), ring_(std::move(ring)) {}

  void receive(const NetFrame& frame);
  /// Puts what waits into pages that have come. False: the ring is broken, also if receive() found it so.
  [[nodiscard]] bool run();
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  /// Shows what was put. True if the guest wants to hear of it.
  [[nodiscard]] bool publish() { return ring_.publish(); }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Waiting {
    std::vector<std::byte> bytes;
    bool checksum_blank;
    bool validated;
    std::uint16_t segment_size;
  };

  [[nodiscard]] static std::uint32_t slots_for(const NetFrame& frame);
  [[nodiscard]] bool has_slots(std::uint32_t count);
  void place(const NetFrame& frame);
  void keep(const NetFrame& frame);
  void put(const NetFrame& frame);
  [[nodiscard]] std::int16_t put_part(GrantRef grant, std::span<const std::byte> part);

  GrantTable& grants_;
  NetAbilities abilities_;
  NetOffload offload_;
  NetStatistics& statistics_;
  Ring ring_;
  bool is_broken_ = false;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace pvisor
