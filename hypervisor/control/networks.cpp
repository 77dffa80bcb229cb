// SPDX-License-Identifier: MIT
#include "control/networks.hpp"

#include "base/host_error.hpp"

namespace pvisor {

std::unique_ptr<NetInterface> Networks::open(const NetSpec& spec) {
  NetSwitch& lan = switch_called(spec.target.name);
  return std::make_unique<NetInterface>(spec.mac, [&](FrameSink& sink) {
    auto link = lan.plug(sink, spec.mac);
    if (link == nullptr) {
      throw HostError::usage("switch " + spec.target.name + " has an interface of the address " + spec.mac.to_string() + " already");
    }
    return link;
  });
}

NetSwitch& Networks::switch_called(const std::string& name) {
  std::unique_ptr<NetSwitch>& lan = switches_[name];
  if (lan == nullptr) lan = std::make_unique<NetSwitch>(now_ns_);
  return *lan;
}

}  // namespace pvisor
