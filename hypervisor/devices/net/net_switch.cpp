// SPDX-License-Identifier: MIT
#include "devices/net/net_switch.hpp"

#include <algorithm>
#include <utility>

namespace pvisor {
namespace {

/// 01:80:c2:00:00:0x, without the last four bits.
constexpr std::uint64_t kBridgeOwn = 0x0180'c200'0000;

}  // namespace

class NetSwitch::Port final : public NetLink {
 public:
  Port(NetSwitch& owner, FrameSink& to, MacTable::PortNumber at) : sink(to), number(at), owner_(owner) {}
  ~Port() override { owner_.unplug(*this); }
  [[nodiscard]] bool send(const NetFrame& frame) override { return owner_.forward(*this, frame); }
  void flush() override { owner_.flush(); }

  FrameSink& sink;
  const MacTable::PortNumber number;
  bool is_touched = false;

 private:
  NetSwitch& owner_;
};

std::unique_ptr<NetLink> NetSwitch::plug(FrameSink& sink, const MacAddress& own) {
  const auto number = static_cast<MacTable::PortNumber>(ports_.size());
  if (!table_.add_port(number, own)) return nullptr;
  auto port = std::make_unique<Port>(*this, sink, number);
  ports_.push_back(port.get());
  return port;
}

void NetSwitch::unplug(Port& port) {
  table_.remove_port(port.number);
  ports_[port.number] = nullptr;
  std::erase(touched_, &port);
}

bool NetSwitch::forward(Port& from, const NetFrame& frame) {
  const MacAddress to = MacAddress::from_frame(frame.bytes, 0);
  const MacAddress source = MacAddress::from_frame(frame.bytes, 6);
  if (!batch_ns_) batch_ns_ = now_ns_();
  const std::uint64_t now = *batch_ns_;
  if (source.is_group() || source.is_zero() || !table_.learn(from.number, source, now)) return false;
  if ((to.number() & ~std::uint64_t{0xf}) == kBridgeOwn) return true;
  const auto behind = to.is_group() ? std::nullopt : table_.find(to, now);
  if (behind == from.number) return true;
  if (behind) {
    hand_to(*ports_[*behind], frame);
    return true;
  }
  for (Port* const port : ports_) {
    if (port != nullptr && port != &from) hand_to(*port, frame);
  }
  return true;
}

void NetSwitch::hand_to(Port& port, const NetFrame& frame) {
  if (!std::exchange(port.is_touched, true)) touched_.push_back(&port);
  port.sink.receive(frame);
}

void NetSwitch::flush() {
  batch_ns_.reset();
  for (Port* const port : touched_) {
    port->is_touched = false;
    port->sink.flush();
  }
  touched_.clear();
}

}  // namespace pvisor
