// SPDX-License-Identifier: MIT
// The value of --net, and what it has in common with the key "vif".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/domain_spec.hpp"

namespace pvisor {

/// switch:NAME[,mac=00:16:3e:01:02:03]. Throws HostError::usage naming `place`, as all here.
[[nodiscard]] NetSpec parse_net_option(std::string_view place, std::string_view text);

/// "switch:NAME".
[[nodiscard]] NetTarget parse_net_target(std::string_view place, const std::string& text);
/// An address that an interface can have: not zero, and not a group's.
[[nodiscard]] MacAddress check_mac(std::string_view place, const std::string& text);

/// Gives each interface without an address one that follows from the domain's name.
void assign_macs(const std::string& domain, std::vector<NetSpec>& nets);
/// Refuses two interfaces on one switch that have the same address.
void check_macs(std::string_view place, const std::vector<DomainSpec>& domains);

}  // namespace pvisor
