// SPDX-License-Identifier: MIT
// NetSwitch: an Ethernet switch between interfaces of this monitor. It knows the address that each interface was given from the
// start, learns others, and sends a frame for an unknown address to all.
//
// It refuses a frame whose source is a group, nobody, or the address of another interface: nobody takes frames that are meant for
// somebody else. Addresses that a bridge keeps to itself (01:80:c2:00:00:00 to 0f) go nowhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "devices/net/mac_address.hpp"
#include "devices/net/mac_table.hpp"
#include "devices/net/net_frame.hpp"

namespace pvisor {

class NetSwitch {
 public:
  explicit NetSwitch(std::function<std::uint64_t()> now_ns) : now_ns_(std::move(now_ns)) {}
  NetSwitch(const NetSwitch&) = delete;
  NetSwitch& operator=(const NetSwitch&) = delete;

  /// A new port, until the link goes. Nothing if another port has that address. The switch and `sink` outlive it.
  [[nodiscard]] std::unique_ptr<NetLink> plug(FrameSink& sink, const MacAddress& own);

 private:
  class Port;
  [[nodiscard]] bool forward(Port& from, const NetFrame& frame);
  void hand_to(Port& port, const NetFrame& frame);
  void flush();
  void unplug(Port& port);

  std::function<std::uint64_t()> now_ns_;
  std::optional<std::uint64_t> batch_ns_;  ///< when this batch began: asked once for all of it
  std::vector<Port*> ports_;  ///< by number; nullptr: unplugged
  std::vector<Port*> touched_;  ///< have got something of this batch
  MacTable table_;
};

}  // namespace pvisor
