// SPDX-License-Identifier: MIT
// XenstoreConnection: the stream, back-pressure, dispatch. What each request does is in connection_requests.cpp.
#include "xenstore/connection.hpp"

#include <algorithm>
#include <utility>

namespace pvisor {

XenstoreConnection::XenstoreConnection(Store& store, DomainId domain)
    : store_(store), domain_(domain), output_(store.quotas().pending_events) {}

XenstoreConnection::~XenstoreConnection() { store_.watches().remove_all(*this); }

void XenstoreConnection::reset() {
  store_.watches().remove_all(*this);
  transactions_.clear();
  decoder_.reset();
  output_.clear();
  broken_ = false;
}

void XenstoreConnection::break_off() {
  reset();
  broken_ = true;
}

XenstoreConnection::Progress XenstoreConnection::receive(std::span<const std::byte> input, std::size_t budget) {
  Progress progress;
  while (!broken_) {
    if (decoder_.is_complete()) {
      if (progress.served == budget || !may_serve()) break;
      serve(decoder_.take());
      ++progress.served;
      continue;
    }
    const auto rest = input.subspan(progress.consumed);
    if (rest.empty()) break;
    progress.consumed += decoder_.feed(rest);
    if (decoder_.is_broken()) break_off();
  }
  if (broken_) progress.consumed = input.size();
  return progress;
}

void XenstoreConnection::serve(const XenstoreMessage& message) {
  // A domain that is being destroyed must not leave anything behind in the store.
  if (!store_.is_introduced(domain_)) return break_off();
  send(message.header, answer(message));
  // Only now, so that the watcher has the reply to its request before the first event.
  if (const WatchId id = std::exchange(new_watch_, 0)) store_.watches().fire_first(id);
}

XenstoreConnection::Reply XenstoreConnection::answer(const XenstoreMessage& message) {
  const Handler handler = find_handler(message.header.type);
  if (handler == nullptr) return StoreStatus::Unsupported;
  StoreTransaction* transaction = nullptr;
  if (message.header.tx_id != 0) {
    const auto open = transactions_.find(message.header.tx_id);
    if (open == transactions_.end()) return StoreStatus::Missing;
    transaction = open->second.get();
  }
  if (may_need_memory(message) && memory() >= store_.quotas().memory) return StoreStatus::NoMemory;
  return (this->*handler)({message, message.payload, transaction});
}

std::size_t XenstoreConnection::memory() const {
  std::int64_t growth = store_.use_of(domain_).bytes;
  std::size_t held = output_.bytes();
  for (const auto& [number, transaction] : transactions_) {
    held += transaction->memory();
    growth += transaction->growth_of(domain_).bytes;
  }
  return held + static_cast<std::size_t>(std::max<std::int64_t>(growth, 0));
}

// Asked before a request is served, so the limit is exceeded by what one request can add, and by no more.
bool XenstoreConnection::may_need_memory(const XenstoreMessage& message) const {
  if (domain_ == kMonitorDomain) return false;
  switch (message.header.type) {
    case PV_XS_WRITE:
    case PV_XS_MKDIR:
    case PV_XS_TRANSACTION_START: return true;
    case PV_XS_TRANSACTION_END: return false;
    default: return message.header.tx_id != 0;  // even a look is remembered inside a transaction
  }
}

void XenstoreConnection::send(const pv_xsd_sockmsg& request, const Reply& reply) {
  pv_xsd_sockmsg header = request;
  StoreStatus status = reply.status;
  if (reply.ok() && reply.value.size() > PV_XENSTORE_PAYLOAD_MAX) status = StoreStatus::TooBig;
  if (status == StoreStatus::Ok) {
    output_.push_reply(encode_message(header, reply.value));
    return;
  }
  header.type = PV_XS_ERROR;
  std::string name(wire_error(status));
  name += '\0';
  output_.push_reply(encode_message(header, name));
}

void XenstoreConnection::watch_fired(const Watch& watch, const std::string& path) {
  output_.push_event(watch, path);
  if (notify_event_) notify_event_();
}

XenstoreConnection::Handler XenstoreConnection::find_handler(std::uint32_t type) {
  switch (type) {
    case PV_XS_DIRECTORY: return &XenstoreConnection::directory;
    case PV_XS_DIRECTORY_PART: return &XenstoreConnection::directory_part;
    case PV_XS_READ: return &XenstoreConnection::read;
    case PV_XS_WRITE: return &XenstoreConnection::write;
    case PV_XS_MKDIR: return &XenstoreConnection::mkdir;
    case PV_XS_RM: return &XenstoreConnection::rm;
    case PV_XS_GET_PERMS: return &XenstoreConnection::get_perms;
    case PV_XS_SET_PERMS: return &XenstoreConnection::set_perms;
    case PV_XS_WATCH: return &XenstoreConnection::watch;
    case PV_XS_UNWATCH: return &XenstoreConnection::unwatch;
    case PV_XS_RESET_WATCHES: return &XenstoreConnection::reset_watches;
    case PV_XS_TRANSACTION_START: return &XenstoreConnection::transaction_start;
    case PV_XS_TRANSACTION_END: return &XenstoreConnection::transaction_end;
    case PV_XS_GET_DOMAIN_PATH: return &XenstoreConnection::get_domain_path;
    case PV_XS_IS_DOMAIN_INTRODUCED: return &XenstoreConnection::is_domain_introduced;
    case PV_XS_CONTROL:
    case PV_XS_INTRODUCE:
    case PV_XS_RELEASE:
    case PV_XS_RESUME:
    case PV_XS_SET_TARGET: return &XenstoreConnection::refuse_privileged;
    default: return nullptr;
  }
}

}  // namespace pvisor
