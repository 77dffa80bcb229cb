// SPDX-License-Identifier: MIT
// ConsoleDevice: the device every domain has: its console page and port, connected to a Console of the host.
//
// A doorbell, room in the sink and input from the host all post one work item; it moves at most one ring full each way and
// posts itself again while the guest has more to say. A full sink stops that until it has room: the guest then finds its
// ring full and waits, as on a slow serial line.
#pragma once

#include <memory>
#include <optional>

#include "core/device.hpp"
#include "core/event_channels.hpp"
#include "core/work_queue.hpp"
#include "devices/console/console.hpp"
#include "devices/console/console_ring.hpp"

namespace pvisor {

class ConsoleDevice final : public DomainDevice {
 public:
  /// Precondition: both outlive the device.
  ConsoleDevice(Console& console, WorkQueue& work);
  ~ConsoleDevice() override;

  void attach(Domain& domain) override;
  void detach() override;
  /// Moves what the guest printed so far ahead of text that comes another way, however slow the sink is. Only where not even
  /// the backlog has room does some stay in the ring; then there is none for that text either.
  void catch_up();

 private:
  void turn(ConsoleRing::Rest rest);

  Console& console_;
  std::optional<ConsoleRing> ring_;          ///< while attached and not broken
  std::unique_ptr<BackendChannel> channel_;  ///< while attached; null if the guest's port is not to be had
  WorkItem work_;
};

}  // namespace pvisor
