// SPDX-License-Identifier: MIT
#include "devices/net/net_interface.hpp"

namespace pvisor {

bool NetInterface::transmit(const NetFrame& frame) {
  if (!link_->send(frame)) {
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
