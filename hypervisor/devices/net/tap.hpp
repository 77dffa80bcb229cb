// SPDX-License-Identifier: MIT
// A tap device of the host's: frames go to its network stack and come from there.
#pragma once

#include <memory>
#include <string>

#include "base/reactor.hpp"
#include "devices/net/net_frame.hpp"

namespace pvisor {

/// Attaches to the tap device `name`, which is made if it is not there and the user may. Throws HostError. `reactor`, `room` and
/// `side` outlive it.
[[nodiscard]] std::unique_ptr<NetLink> open_tap(Reactor& reactor, const std::string& name, NetScratch& room, NetSide& side);

}  // namespace pvisor
