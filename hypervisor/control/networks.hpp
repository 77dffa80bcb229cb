// SPDX-License-Identifier: MIT
// Networks: the switches that interfaces name, made when the first of them does; and the interfaces' ends on the host's side.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/file_root.hpp"
#include "base/reactor.hpp"
#include "control/domain_spec.hpp"
#include "control/log.hpp"
#include "core/clock.hpp"
#include "core/timers.hpp"
#include "core/work_queue.hpp"
#include "devices/net/net_interface.hpp"
#include "devices/net/net_switch.hpp"

namespace pvisor {

class Networks {
 public:
  /// What it needs of the monitor; all of it outlives this.
  struct World {
    Reactor& reactor;
    WorkQueue& work;
    TimerQueue& timers;
    Clock& clock;
    Log& log;
    const FileRoot& root;
  };
  explicit Networks(const World& world) : world_(world) {}

  /// An interface with its link. Outlived by this. Throws HostError.
  [[nodiscard]] std::unique_ptr<NetInterface> open(const NetSpec& spec);
  [[nodiscard]] NetRoom& room() { return *room_; }

 private:
  [[nodiscard]] NetTuning tuning_of(const NetSpec& spec);
  [[nodiscard]] std::unique_ptr<NetLink> plug(const NetSpec& spec, NetSide& side);
  [[nodiscard]] std::unique_ptr<NetLink> plug_into_switch(const NetSpec& spec, NetSide& side);
  [[nodiscard]] std::unique_ptr<NetLink> plug_into_host(const NetSpec& spec, NetSide& side);

  World world_;
  std::unique_ptr<NetRoom> room_ = std::make_unique<NetRoom>();
  std::map<std::string, std::unique_ptr<NetSwitch>> switches_;
};

}  // namespace pvisor
