// SPDX-License-Identifier: MIT
// NetConnection: a connected front end, from connect to disconnect: both rings, their pages and the event channel, joined to the
// interface that outlives it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/ids.hpp"
#include "core/work_queue.hpp"
#include "devices/net/net_interface.hpp"
#include "devices/net/net_receiver.hpp"
#include "devices/net/net_transmitter.hpp"
#include "devices/claimed_ring.hpp"
#include "devices/ring_pages.hpp"

namespace pvisor {

/// What a connection needs of its guest and of the monitor; all of it outlives the connection.
struct NetSetup {
  DomainId domain;
  GrantTable& grants;
  EventChannels& events;
  WorkQueue& work;
  RingPages& ring_pages;
  NetRoom& room;
  NetInterface& interface;
  std::function<void(const char* why)> on_broken;  ///< a ring is unusable; may destroy the connection
};

/// What the front end has written.
struct NetNegotiation {
  GrantRef tx_ring;
  GrantRef rx_ring;
  Port port;
  NetAbilities abilities;
};

class NetConnection final : private JoinedGuest {
 public:
  /// Takes rings and port into use. Nothing, and `error` says why in one line, if the guest's numbers are no good.
  [[nodiscard]] static std::unique_ptr<NetConnection> open(const NetSetup& setup, const NetNegotiation& negotiation, std::string& error);
  ~NetConnection();
  NetConnection(const NetConnection&) = delete;
  NetConnection& operator=(const NetConnection&) = delete;

 private:
  NetConnection(const NetSetup& setup, const NetNegotiation& negotiation, std::vector<ClaimedRing> rings, NetTransmitter::Ring tx,
                NetReceiver::Ring rx);
  void run();
  void notify();
  void receive(const NetFrame& frame) override;
  void flush() override;
  void resume() override { work_.post(); }

  NetSetup setup_;
  std::vector<ClaimedRing> rings_;
  NetTransmitter transmitter_;
  NetReceiver receiver_;
  WorkItem work_;
  std::unique_ptr<BackendChannel> channel_;
};

}  // namespace pvisor
