// SPDX-License-Identifier: MIT
#include "devices/net/net_interface.hpp"

#include "devices/net/net_offload.hpp"

namespace pvisor {

/// The limit and the timer that ends the guest's waiting.
class NetInterface::Limiter {
 public:
  Limiter(NetTuning::Limit limit, NetInterface& owner)
      : limit_(std::move(limit)), rate_(limit_.rate), timer_(limit_.timers, [&owner] {
          if (owner.guest_ != nullptr) owner.guest_->resume();
        }) {}
  [[nodiscard]] bool is_open() {
    if (rate_.is_open(limit_.now_ns())) return true;
    if (!timer_.is_armed()) timer_.arm(rate_.opens_at());
    return false;
  }
  void take(std::size_t bytes) { rate_.take(bytes); }
  void stop_waiting() { timer_.disarm(); }

 private:
  NetTuning::Limit limit_;
  RateLimit rate_;
  Timer timer_;
};

NetInterface::NetInterface(const MacAddress& mac, const Plug& plug, NetTuning tuning)
    : mac_(mac), capture_(std::move(tuning.capture)), link_(plug(*this)) {
  if (tuning.limit) limiter_ = std::make_unique<Limiter>(std::move(*tuning.limit), *this);
}

NetInterface::~NetInterface() = default;

void NetInterface::join(JoinedGuest* guest) {
  guest_ = guest;
  if (guest != nullptr) return;
  if (limiter_ != nullptr) limiter_->stop_waiting();
  link_->restart();
}

bool NetInterface::may_transmit() { return limiter_ == nullptr || limiter_->is_open(); }

bool NetInterface::transmit(std::span<std::byte> bytes, NetFrame frame) {
  if (limiter_ != nullptr) limiter_->take(bytes.size());
  if (!check_offload(bytes, frame) || !link_->send(frame)) {
    refuse();
    return false;
  }
  statistics_.sent.add(frame.bytes.size());
  if (capture_ != nullptr) capture_->add(frame);
  return true;
}

void NetInterface::end_batch() {
  link_->flush();
  if (capture_ != nullptr) capture_->flush();
}

void NetInterface::receive(const NetFrame& frame) {
  if (capture_ != nullptr) capture_->add(frame);
  if (guest_ == nullptr) {
    ++statistics_.dropped;
    return;
  }
  guest_->receive(frame);
}

void NetInterface::flush() {
  if (capture_ != nullptr) capture_->flush();
  if (guest_ != nullptr) guest_->flush();
}

void NetInterface::set_carrier(bool there) {
  if (std::exchange(has_carrier_, there) != there && told_carrier_) told_carrier_(there);
}

}  // namespace pvisor
