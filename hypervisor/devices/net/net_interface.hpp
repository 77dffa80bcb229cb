// SPDX-License-Identifier: MIT
// NetInterface: an interface of a domain as long as the domain is described, whatever guests come and go in it: its address, where
// its frames go, its limit, capture and counts. A connected front end is joined to it and left again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/timers.hpp"
#include "devices/net/frame_capture.hpp"
#include "devices/net/mac_address.hpp"
#include "devices/net/net_frame.hpp"
#include "devices/net/net_statistics.hpp"
#include "devices/net/net_transmitter.hpp"
#include "devices/net/rate_limit.hpp"

namespace pvisor {

/// The front end that is connected.
class JoinedGuest : public FrameSink {
 public:
  /// It was held by the rate limit and may send again.
  virtual void resume() = 0;
};

/// What may be chosen about an interface besides where its frames go.
struct NetTuning {
  /// A limit needs the time.
  struct Limit {
    NetRate rate;
    TimerQueue& timers;
    std::function<std::uint64_t()> now_ns;
  };
  std::optional<Limit> limit{};
  std::unique_ptr<FrameCapture> capture{};
};

class NetInterface final : public NetSide, public FrameIngress {
 public:
  /// Makes the link, whose frames go to the side it is given.
  using Plug = std::function<std::unique_ptr<NetLink>(NetSide& side)>;

  NetInterface(const MacAddress& mac, const Plug& plug, NetTuning tuning = {});
  ~NetInterface() override;
  NetInterface(const NetInterface&) = delete;
  NetInterface& operator=(const NetInterface&) = delete;

  [[nodiscard]] const MacAddress& mac() const { return mac_; }
  [[nodiscard]] NetStatistics& statistics() { return statistics_; }
  [[nodiscard]] bool has_carrier() const { return has_carrier_; }
  /// Told when there is a carrier and when not; empty: nobody is.
  void on_carrier(std::function<void(bool)> told) { told_carrier_ = std::move(told); }

  /// Who gets the frames for the guest; nullptr: nobody is connected, and they are dropped. Must outlive its use.
  void join(JoinedGuest* guest);
  /// A batch of the guest's has ended.
  void end_batch();

  // From the guest.
  [[nodiscard]] bool may_transmit() override;
  [[nodiscard]] bool transmit(std::span<std::byte> bytes, NetFrame frame) override;
  void refuse() override { ++statistics_.refused; }
  // From the link.
  void receive(const NetFrame& frame) override;
  void flush() override;
  void set_carrier(bool there) override;

 private:
  class Limiter;

  MacAddress mac_;
  NetStatistics statistics_;
  std::unique_ptr<FrameCapture> capture_;
  std::unique_ptr<Limiter> limiter_;  ///< nullptr: no limit
  JoinedGuest* guest_ = nullptr;
  bool has_carrier_ = true;
  std::function<void(bool)> told_carrier_;
  std::unique_ptr<NetLink> link_;  ///< last: it may still hand us something while it goes
};

}  // namespace pvisor
