// SPDX-License-Identifier: MIT
#include "control/networks.hpp"

#include <utility>

#include "base/host_error.hpp"
#include "devices/net/tap.hpp"
#include "devices/net/user_net.hpp"

namespace pvisor {

std::unique_ptr<NetInterface> Networks::open(const NetSpec& spec) {
  return std::make_unique<NetInterface>(spec.mac, [&](NetSide& side) { return plug(spec, side); }, tuning_of(spec));
}

NetTuning Networks::tuning_of(const NetSpec& spec) {
  NetTuning tuning;
  if (spec.rate) tuning.limit.emplace(NetTuning::Limit{*spec.rate, world_.timers, [this] { return world_.clock.now_ns(); }});
  if (!spec.capture.empty()) {
    tuning.capture = std::make_unique<FrameCapture>(
        spec.capture, FrameCapture::World{world_.root, [this] { return world_.clock.wall_base_ns() + world_.clock.now_ns(); },
                                          [this](const std::string& line) { world_.log.line(line); }});
  }
  return tuning;
}

std::unique_ptr<NetLink> Networks::plug(const NetSpec& spec, NetSide& side) {
  if (spec.target.kind == NetTarget::Kind::Switch) return plug_into_switch(spec, side);
  if (!world_.clock.moves_by_itself()) {
    throw HostError::usage("--deterministic: networks of the host (user, tap) are live and cannot repeat a run; use a switch");
  }
  return plug_into_host(spec, side);
}

std::unique_ptr<NetLink> Networks::plug_into_switch(const NetSpec& spec, NetSide& side) {
  std::unique_ptr<NetSwitch>& lan = switches_[spec.target.name];
  if (lan == nullptr) lan = std::make_unique<NetSwitch>([this] { return world_.clock.now_ns(); });
  auto link = lan->plug(side, spec.mac);
  if (link == nullptr) {
    throw HostError::usage("switch " + spec.target.name + " has an interface of the address " + spec.mac.to_string() + " already");
  }
  return link;
}

std::unique_ptr<NetLink> Networks::plug_into_host(const NetSpec& spec, NetSide& side) {
  if (spec.target.kind == NetTarget::Kind::Tap) return open_tap(world_.reactor, spec.target.name, room_->adapted, side);
  if (!has_user_net()) throw HostError("user-mode networking: this pvisor was built without libslirp (Debian: libslirp-dev)");
  const UserNetWorld world{world_.reactor, world_.work, world_.timers, room_->adapted, [this] { return world_.clock.now_ns(); },
                           [this](const std::string& line) { world_.log.line(line); }};
  return make_user_net(world, spec.user, side);
}

}  // namespace pvisor
