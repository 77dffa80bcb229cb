// SPDX-License-Identifier: MIT
#include "devices/net/net_backend.hpp"

#include "core/domain.hpp"
#include "core/monitor.hpp"

namespace pvisor {
namespace {

/// A guest can break its rings as often as it likes; the log has an end.
constexpr std::uint32_t kMaxLogLines = 10;

XenbusBackend::Nodes backend_nodes(std::uint32_t number, const MacAddress& mac, bool has_carrier) {
  return {
      {"handle", std::to_string(number)},
      {"mac", mac.to_string()},
      {"feature-rx-copy", "1"},
      {"feature-rx-flip", "0"},
      {"feature-sg", "1"},
      {"feature-gso-tcpv4", "1"},
      {"feature-ipv6-csum-offload", "1"},
      {"carrier", has_carrier ? "1" : "0"},
  };
}

}  // namespace

NetBackend::NetBackend(const NetServices& services, std::uint32_t number, NetInterface& interface)
    : services_(services), number_(number), interface_(interface) {}

NetBackend::~NetBackend() { detach(); }

void NetBackend::attach(Domain& domain) {
  attach(Guest{domain.id(), domain.grants(), domain.events(), domain.monitor().work()});
}

void NetBackend::attach(const Guest& guest) {
  detach();
  guest_.emplace(guest);
  if (xenbus_ == nullptr) {
    xenbus_ = std::make_unique<XenbusBackend>(services_.store, XenbusName{"vif", guest.id, number_}, static_cast<XenbusDriver&>(*this));
  }
  xenbus_->attach(backend_nodes(number_, interface_.mac(), interface_.has_carrier()),
                  {{"handle", std::to_string(number_)}, {"mac", interface_.mac().to_string()}});
  interface_.on_carrier([this](bool there) { xenbus_->write("carrier", there ? "1" : "0"); });
}

void NetBackend::detach() {
  interface_.on_carrier({});
  if (xenbus_ != nullptr) xenbus_->detach();
  guest_.reset();
}

std::optional<std::string> NetBackend::connect() {
  NetNegotiation negotiation;
  if (auto error = read_negotiation(negotiation)) return error;
  std::string error;
  connection_ = NetConnection::open({guest_->id, guest_->grants, guest_->events, guest_->work, services_.ring_pages, services_.room,
                                     interface_, [this](const char* why) { broken(why); }},
                                    negotiation, error);
  if (connection_ == nullptr) return error;
  return std::nullopt;
}

void NetBackend::disconnect() { connection_.reset(); }

std::optional<std::string> NetBackend::read_negotiation(NetNegotiation& negotiation) {
  const auto is_on = [this](const char* key) { return xenbus_->frontend_number(key).value_or(0) != 0; };
  if (!is_on("request-rx-copy")) return "request-rx-copy is not 1: frames are copied into the guest's pages, nothing else is offered";
  if (xenbus_->frontend_number("multi-queue-num-queues").value_or(1) != 1) return "multi-queue-num-queues is not offered: there is one queue";
  const auto tx_ring = xenbus_->frontend_number("tx-ring-ref");
  if (!tx_ring) return "tx-ring-ref is missing or no number";
  const auto rx_ring = xenbus_->frontend_number("rx-ring-ref");
  if (!rx_ring) return "rx-ring-ref is missing or no number";
  const auto port = xenbus_->frontend_number("event-channel");
  if (!port) return "event-channel is missing or no number";
  negotiation.tx_ring = GrantRef(*tx_ring);
  negotiation.rx_ring = GrantRef(*rx_ring);
  negotiation.port = Port(*port);
  NetAbilities& abilities = negotiation.abilities;
  abilities.scatter = is_on("feature-sg");
  abilities.checksum_ipv4 = !is_on("feature-no-csum-offload");
  abilities.checksum_ipv6 = is_on("feature-ipv6-csum-offload");
  abilities.segments = abilities.scatter && abilities.checksum_ipv4 && is_on("feature-gso-tcpv4");
  return std::nullopt;
}

void NetBackend::broken(const char* why) {
  if (services_.log && lines_logged_ < kMaxLogLines) {
    ++lines_logged_;
    services_.log("domain " + std::to_string(guest_->id.value()) + ": interface " + std::to_string(number_) + " switched off: " + why);
  }
  xenbus_->fail(why);
}

}  // namespace pvisor
