// SPDX-License-Identifier: MIT
// XenstoreService: the device every domain has: its connection to the store, over the page and the port that the builder
// names in start_info. Adding it to a domain introduces the domain to the store; its destruction is the domain's end there.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "core/device.hpp"
#include "core/event_channels.hpp"
#include "core/work_queue.hpp"
#include "xenstore/connection.hpp"
#include "xenstore/service_ring.hpp"

namespace pvisor {

class XenstoreService final : public DomainDevice {
 public:
  /// Few, because a guest can make each cost about a millisecond (paths of a thousand components).
  static constexpr std::size_t kRequestsPerTurn = 8;

  /// Precondition: store and queue outlive the service.
  XenstoreService(Store& store, WorkQueue& work, DomainId domain);
  ~XenstoreService() override;

  /// An empty ring and a connection as new; also after a chain-load.
  void attach(Domain& domain) override;
  /// Serves what the guest had already asked for (its last words may be a state), then ends watches and transactions.
  void detach() override;

  [[nodiscard]] const XenstoreConnection& connection() const { return connection_; }

 private:
  void turn();

  Store& store_;
  XenstoreConnection connection_;
  std::optional<XenstoreRing> ring_;         ///< while attached
  std::unique_ptr<BackendChannel> channel_;  ///< while attached; null if the guest's port is not to be had
  WorkItem work_;
};

/// Calls back the in-process watchers of a store, a bounded number in each turn of the reactor.
class StoreEventPump {
 public:
  static constexpr std::size_t kEventsPerTurn = 64;

  StoreEventPump(Store& store, WorkQueue& work);
  ~StoreEventPump();
  StoreEventPump(const StoreEventPump&) = delete;
  StoreEventPump& operator=(const StoreEventPump&) = delete;

 private:
  Store& store_;
  WorkItem work_;
};

}  // namespace pvisor
