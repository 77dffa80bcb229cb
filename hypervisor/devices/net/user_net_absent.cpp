// SPDX-License-Identifier: MIT
// Built instead of user_net.cpp where there is no libslirp.
#include "base/assert.hpp"
#include "devices/net/user_net.hpp"

namespace pvisor {

bool has_user_net() { return false; }

std::unique_ptr<NetLink> make_user_net(const UserNetWorld&, const UserNetConfig&, NetSide&) {
  PV_CHECK(has_user_net());
  return nullptr;
}

}  // namespace pvisor
