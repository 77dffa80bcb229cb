// SPDX-License-Identifier: MIT
// Networks: the switches that interfaces name, made when the first of them does; and the interfaces' ends on the host's side.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/domain_spec.hpp"
#include "devices/net/net_interface.hpp"
#include "devices/net/net_switch.hpp"

namespace pvisor {

class Networks {
 public:
  explicit Networks(std::function<std::uint64_t()> now_ns) : now_ns_(std::move(now_ns)) {}

  /// An interface with its link. Outlived by this.
  [[nodiscard]] std::unique_ptr<NetInterface> open(const NetSpec& spec);
  [[nodiscard]] NetRoom& room() { return *room_; }

 private:
  [[nodiscard]] NetSwitch& switch_called(const std::string& name);

  std::function<std::uint64_t()> now_ns_;
  std::unique_ptr<NetRoom> room_ = std::make_unique<NetRoom>();
  std::map<std::string, std::unique_ptr<NetSwitch>> switches_;
};

}  // namespace pvisor
