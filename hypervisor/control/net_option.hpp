// SPDX-License-Identifier: MIT
// The value of --net, and what it has in common with the key "vif".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/domain_spec.hpp"

namespace pvisor {

/// user, switch:NAME or tap:NAME, then [,mac=00:16:3e:01:02:03][,rate=10Mb/s][,capture=FILE], and with user [,hostfwd=...]
/// [,host_loopback]; a comma in FILE is written twice. Throws HostError::usage naming `place`, as all here.
[[nodiscard]] NetSpec parse_net_option(std::string_view place, std::string_view text);

/// "user", "switch:NAME" or "tap:NAME".
[[nodiscard]] NetTarget parse_net_target(std::string_view place, const std::string& text);
/// An address that an interface can have: not zero, and not a group's.
[[nodiscard]] MacAddress check_mac(std::string_view place, const std::string& text);

/// xl's words for a limit.
[[nodiscard]] NetRate check_rate(std::string_view place, const std::string& text);
/// "tcp:127.0.0.1:8080-:80".
[[nodiscard]] HostForward check_forward(std::string_view place, const std::string& text);
/// Refuses what only user-mode networking has, elsewhere.
void check_user(std::string_view place, const NetSpec& net);

/// Gives each interface without an address one that follows from the domain's name.
void assign_macs(const std::string& domain, std::vector<NetSpec>& nets);
/// Refuses two interfaces on one switch that have the same address, and two that are captured to one file.
void check_interfaces(std::string_view place, const std::vector<DomainSpec>& domains);

}  // namespace pvisor
