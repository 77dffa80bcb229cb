// SPDX-License-Identifier: MIT
#include "devices/net/net_connection.hpp"

#include <utility>

namespace pvisor {

std::unique_ptr<NetConnection> NetConnection::open(const NetSetup& setup, const NetNegotiation& negotiation, std::string& error) {
  std::vector<ClaimedRing> rings;
  for (const auto& [ref, node] : {std::pair{negotiation.tx_ring, "tx-ring-ref"}, std::pair{negotiation.rx_ring, "rx-ring-ref"}}) {
    auto claimed = claim_ring(setup.grants, setup.ring_pages, setup.domain, ref, node, error);
    if (!claimed) return nullptr;
    rings.push_back(std::move(*claimed));
  }
  auto tx = NetTransmitter::Ring::attach(rings[0].use.page());
  auto rx = NetReceiver::Ring::attach(rings[1].use.page());
  if (!tx || !rx) {
    error = std::string("the indices in the ") + (tx ? "rx" : "tx") + " ring contradict each other";
    return nullptr;
  }
  std::unique_ptr<NetConnection> connection(new NetConnection(setup, negotiation, std::move(rings), std::move(*tx), std::move(*rx)));
  connection->channel_ = setup.events.bind_backend(negotiation.port, [work = &connection->work_] { work->post(); });
  if (connection->channel_ == nullptr) {
    error = "event-channel " + std::to_string(negotiation.port.value()) + " is no port allocated for domain 0";
    return nullptr;
  }
  setup.interface.join(connection.get());
  connection->work_.post();  // packets may have come before us
  return connection;
}

NetConnection::NetConnection(const NetSetup& setup, const NetNegotiation& negotiation, std::vector<ClaimedRing> rings,
                             NetTransmitter::Ring tx, NetReceiver::Ring rx)
    : setup_(setup),
      rings_(std::move(rings)),
      transmitter_(setup.grants, setup.room.frame, setup.interface, std::move(tx)),
      receiver_(setup.grants, negotiation.abilities, setup.room.adapted, setup.interface.statistics(), std::move(rx)),
      work_(setup.work, [this] { run(); }) {}

NetConnection::~NetConnection() { setup_.interface.join(nullptr); }

void NetConnection::run() {
  const auto progress = transmitter_.run();
  setup_.interface.end_batch();  // also of what came before a broken packet
  const bool is_rx_broken = !receiver_.run();
  if (progress == NetTransmitter::Progress::Broken || is_rx_broken) {
    const auto on_broken = setup_.on_broken;  // a copy: it may destroy us
    return on_broken(is_rx_broken ? "the rx ring's request index is impossible" : transmitter_.broken());
  }
  if (progress == NetTransmitter::Progress::More) work_.post();
  notify();
}

/// One event for the answers of both rings.
void NetConnection::notify() {
  const bool is_sent = transmitter_.publish();
  const bool is_received = receiver_.publish();
  if (is_sent || is_received) channel_->notify();
}

void NetConnection::receive(const NetFrame& frame) { receiver_.receive(frame); }

/// We may be in the middle of somebody else's batch: what is broken is dealt with in our own turn.
void NetConnection::flush() {
  if (receiver_.is_broken()) return work_.post();
  if (receiver_.publish()) channel_->notify();
}

}  // namespace pvisor
