// SPDX-License-Identifier: MIT
// NetInterface: an interface of a domain as long as the domain is described, whatever guests come and go in it: its address, where
// its frames go, and its counts. A connected front end is joined to it and left again.
#pragma once

#include <functional>
#include <memory>

#include "devices/net/mac_address.hpp"
#include "devices/net/net_frame.hpp"
#include "devices/net/net_statistics.hpp"
#include "devices/net/net_transmitter.hpp"

namespace pvisor {

class NetInterface final : public FrameSink, public FrameIngress {
 public:
  /// Makes the link, whose frames go to the sink.
  using Plug = std::function<std::unique_ptr<NetLink>(FrameSink& sink)>;

  NetInterface(const MacAddress& mac, const Plug& plug) : mac_(mac), link_(plug(*this)) {}

  [[nodiscard]] const MacAddress& mac() const { return mac_; }
  [[nodiscard]] NetStatistics& statistics() { return statistics_; }

  /// Who gets the frames for the guest; nullptr: nobody is connected, and they are dropped. Must outlive its use.
  void join(FrameSink* guest) { guest_ = guest; }
  /// A batch of the guest's has ended.
  void end_batch() { link_->flush(); }

  // From the guest.
  [[nodiscard]] bool transmit(std::span<std::byte> bytes, NetFrame frame) override;
  void refuse() override { ++statistics_.refused; }
  // From the link.
  void receive(const NetFrame& frame) override;
  void flush() override;

 private:
  MacAddress mac_;
  NetStatistics statistics_;
  FrameSink* guest_ = nullptr;
  std::unique_ptr<NetLink> link_;  ///< last: it may still hand us something while it goes
};

}  // namespace pvisor
