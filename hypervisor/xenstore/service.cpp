// SPDX-License-Identifier: MIT
// XenstoreService: doorbell to work item to ring, and back.
#include "xenstore/service.hpp"

#include <utility>

#include "core/domain.hpp"

namespace pvisor {

XenstoreService::XenstoreService(Store& store, WorkQueue& work, DomainId domain)
    : store_(store), connection_(store, domain), work_(work, [this] { turn(); }) {
  store_.introduce_domain(domain);
  connection_.set_event_notifier([this] { work_.post(); });
}

XenstoreService::~XenstoreService() {
  connection_.break_off();
  store_.release_domain(connection_.domain());
}

void XenstoreService::attach(Domain& domain) {
  connection_.reset();
  ring_.reset();
  auto page = domain.memory().share(domain.image().xenstore);
  if (!page) return;  // an image without such a page: the guest has no xenstore
  ring_.emplace(std::move(*page), connection_);
  channel_ = domain.events().bind_backend(kXenstorePort, [this] { work_.post(); });
}

void XenstoreService::detach() {
  // A ring holds less than 64 whole requests; nobody reads the replies any more, and without them the next are served.
  for (std::size_t left = 64; ring_ && left > 0; --left) {
    const bool more = ring_->run(1).more || !connection_.may_serve();
    while (!connection_.output().empty()) connection_.consume_output(connection_.output().size());
    if (!more) break;
  }
  connection_.reset();
  channel_.reset();
  ring_.reset();
}

void XenstoreService::turn() {
  if (!ring_) return;
  const XenstoreRing::Turn turn = ring_->run(kRequestsPerTurn);
  if (turn.moved && channel_) channel_->notify();
  if (turn.more) work_.post();
}

StoreEventPump::StoreEventPump(Store& store, WorkQueue& work)
    : store_(store), work_(work, [this] {
        store_.deliver_events(kEventsPerTurn);
        if (store_.has_events()) work_.post();
      }) {
  store_.set_event_notifier([this] { work_.post(); });
  if (store_.has_events()) work_.post();
}

StoreEventPump::~StoreEventPump() { store_.set_event_notifier(nullptr); }

}  // namespace pvisor
