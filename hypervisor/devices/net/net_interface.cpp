// SPDX-License-Identifier: MIT
#include "devices/net/net_interface.hpp"

#include "devices/net/net_offload.hpp"

namespace pvisor {

bool NetInterface::transmit(std::span<std::byte> bytes, NetFrame frame) {
  if (!check_offload(bytes, frame) || !link_->send(frame)) {
    refuse();
    return false;
  }
  statistics_.sent.add(frame.bytes.size());
  return true;
}

void NetInterface::receive(const NetFrame& frame) {
  if (guest_ == nullptr) {
    ++statistics_.dropped;
    return;
  }
  guest_->receive(frame);
}

void NetInterface::flush() {
  if (guest_ != nullptr) guest_->flush();
}

}  // namespace pvisor
