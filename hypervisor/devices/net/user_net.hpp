// SPDX-License-Identifier: MIT
// User-mode networking: an interface whose frames libslirp turns into ordinary sockets of this process. Nobody needs to be root for
// it. The guest is in a network of its own, 10.0.2.0/24: the gateway is .2, a name server .3, and DHCP gives out .15.
//
// Without libslirp at build time there is none of it: has_user_net().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reactor.hpp"
#include "core/timers.hpp"
#include "core/work_queue.hpp"
#include "devices/net/net_frame.hpp"

namespace pvisor {

/// A port of the host's that leads to one of the guest's. Addresses in the host's order of bytes.
struct HostForward {
  bool is_udp = false;
  std::uint32_t host_address = 0x7f00'0001;
  std::uint16_t host_port = 0;
  std::uint32_t guest_address = 0x0a00'020f;
  std::uint16_t guest_port = 0;

  /// "tcp:127.0.0.1:8080-10.0.2.15:80"; an address may be left out. Nothing for anything else.
  [[nodiscard]] static std::optional<HostForward> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const HostForward&) const = default;
};

struct UserNetConfig {
  std::vector<HostForward> forwards{};
  bool host_loopback = false;  ///< the gateway's address leads to the host's own 127.0.0.1
};

/// What user-mode networking needs of the monitor; all of it outlives the link.
struct UserNetWorld {
  Reactor& reactor;
  WorkQueue& work;
  TimerQueue& timers;
  NetScratch& room;
  std::function<std::uint64_t()> now_ns;
  std::function<void(const std::string& line)> log;
};

[[nodiscard]] bool has_user_net();
/// Throws HostError if a port cannot be had. Precondition: has_user_net().
[[nodiscard]] std::unique_ptr<NetLink> make_user_net(const UserNetWorld& world, const UserNetConfig& config, NetSide& side);

}  // namespace pvisor
