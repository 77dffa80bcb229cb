// SPDX-License-Identifier: MIT
// XenstoreConnection: one function for each request: take the payload apart, ask the store, shape the reply.
#include <pvabi/domid.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "xenstore/connection.hpp"

namespace pvisor {
namespace {

using namespace std::string_literals;

/// What most requests answer when they have nothing to say: OK, with its NUL.
StoreResult<std::string> acknowledge(StoreStatus status) {
  if (status != StoreStatus::Ok) return status;
  return "OK\0"s;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined.append(name).push_back('\0');
  return joined;
}

}  // namespace

std::optional<StorePath> XenstoreConnection::only_path(const Request& request) const {
  const auto text = single_string(request.payload);
  return text ? parse_path(*text) : std::nullopt;
}

XenstoreConnection::Reply XenstoreConnection::directory(const Request& request) {
  const auto path = only_path(request);
  if (!path) return StoreStatus::Invalid;
  const auto listing = store_.directory(caller(request), *path);
  if (!listing.ok()) return listing.status;
  return join_names(listing.value.names);
}

// Payload: path, offset into what DIRECTORY would answer. Reply: generation, then whole names as room allows; one empty
// name at the end of the last part.
XenstoreConnection::Reply XenstoreConnection::directory_part(const Request& request) {
  const auto words = split_strings(request.payload);
  if (words.size() != 2) return StoreStatus::Invalid;
  const auto path = parse_path(words[0]);
  const auto offset = parse_number(words[1]);
  if (!path || !offset) return StoreStatus::Invalid;
  const auto listing = store_.directory(caller(request), *path);
  if (!listing.ok()) return listing.status;

  std::string reply = std::to_string(listing.value.generation) + '\0';
  const std::string all = join_names(listing.value.names);
  const std::size_t room = PV_XENSTORE_PAYLOAD_MAX - reply.size() - 1;
  std::size_t at = std::min<std::size_t>(*offset, all.size());
  std::size_t used = 0;
  while (at < all.size()) {
    const std::size_t length = all.find('\0', at) + 1 - at;
    if (used + length > room) break;
    reply.append(all, at, length);
    used += length;
    at += length;
  }
  if (at == all.size()) reply.push_back('\0');
  return reply;
}

XenstoreConnection::Reply XenstoreConnection::read(const Request& request) {
  const auto path = only_path(request);
  if (!path) return StoreStatus::Invalid;
  return store_.read(caller(request), *path);
}

XenstoreConnection::Reply XenstoreConnection::write(const Request& request) {
  const std::size_t end = request.payload.find('\0');
  if (end == std::string_view::npos) return StoreStatus::Invalid;
  const auto path = parse_path(request.payload.substr(0, end));
  if (!path) return StoreStatus::Invalid;
  return acknowledge(store_.write(caller(request), *path, request.payload.substr(end + 1)));
}

XenstoreConnection::Reply XenstoreConnection::mkdir(const Request& request) {
  const auto path = only_path(request);
  if (!path) return StoreStatus::Invalid;
  return acknowledge(store_.mkdir(caller(request), *path));
}

XenstoreConnection::Reply XenstoreConnection::rm(const Request& request) {
  const auto path = only_path(request);
  if (!path) return StoreStatus::Invalid;
  return acknowledge(store_.remove(caller(request), *path));
}

XenstoreConnection::Reply XenstoreConnection::get_perms(const Request& request) {
  const auto path = only_path(request);
  if (!path) return StoreStatus::Invalid;
  const auto permissions = store_.get_permissions(caller(request), *path);
  if (!permissions.ok()) return permissions.status;
  return permissions.value.to_wire();
}

XenstoreConnection::Reply XenstoreConnection::set_perms(const Request& request) {
  auto words = split_strings(request.payload);
  if (words.size() < 2 || request.payload.back() != '\0') return StoreStatus::Invalid;
  const auto path = parse_path(words.front());
  words.erase(words.begin());
  const auto permissions = NodePermissions::parse(words);
  if (!path || !permissions) return StoreStatus::Invalid;
  return acknowledge(store_.set_permissions(caller(request), *path, *permissions));
}

XenstoreConnection::Reply XenstoreConnection::watch(const Request& request) {
  const auto words = split_strings(request.payload);
  if (words.size() < 2) return StoreStatus::Invalid;
  const auto added =
      store_.watches().add(*this, domain_, words[PV_XS_WATCH_PATH], words[PV_XS_WATCH_TOKEN], store_.quotas().watches);
  if (added.ok()) new_watch_ = added.value;
  return acknowledge(added.status);
}

XenstoreConnection::Reply XenstoreConnection::unwatch(const Request& request) {
  const auto words = split_strings(request.payload);
  if (words.size() < 2) return StoreStatus::Invalid;
  const bool existed = store_.watches().remove(*this, domain_, words[PV_XS_WATCH_PATH], words[PV_XS_WATCH_TOKEN]);
  return acknowledge(existed ? StoreStatus::Ok : StoreStatus::Missing);
}

// Also ends the transactions, the one it may have been sent in included.
XenstoreConnection::Reply XenstoreConnection::reset_watches(const Request&) {
  store_.watches().remove_all(*this);
  transactions_.clear();
  return acknowledge(StoreStatus::Ok);
}

XenstoreConnection::Reply XenstoreConnection::transaction_start(const Request& request) {
  if (request.transaction != nullptr) return StoreStatus::Busy;
  const bool is_limited = domain_ != kMonitorDomain;
  if (is_limited && transactions_.size() >= store_.quotas().transactions) return StoreStatus::NoSpace;
  do {
    ++last_transaction_;
  } while (last_transaction_ == 0 || transactions_.contains(last_transaction_));
  transactions_.emplace(last_transaction_, store_.begin(domain_));
  return std::to_string(last_transaction_) + '\0';
}

XenstoreConnection::Reply XenstoreConnection::transaction_end(const Request& request) {
  const auto verdict = single_string(request.payload);
  if (!verdict || (*verdict != "T" && *verdict != "F")) return StoreStatus::Invalid;
  const auto open = transactions_.find(request.message.header.tx_id);
  if (open == transactions_.end()) return StoreStatus::Missing;  // only if it was sent outside any
  const std::unique_ptr<StoreTransaction> transaction = std::move(open->second);
  transactions_.erase(open);
  return acknowledge(*verdict == "T" ? store_.commit(domain_, *transaction) : StoreStatus::Ok);
}

XenstoreConnection::Reply XenstoreConnection::get_domain_path(const Request& request) {
  const auto text = single_string(request.payload);
  const auto number = text ? parse_number(*text) : std::nullopt;
  if (!number || *number > std::numeric_limits<std::uint16_t>::max()) return StoreStatus::Invalid;
  return StorePath::home(DomainId{static_cast<std::uint16_t>(*number)}).text() + '\0';
}

XenstoreConnection::Reply XenstoreConnection::is_domain_introduced(const Request& request) {
  const auto text = single_string(request.payload);
  const auto number = text ? parse_number(*text) : std::nullopt;
  if (!number || *number > std::numeric_limits<std::uint16_t>::max()) return StoreStatus::Invalid;
  const DomainId domain{static_cast<std::uint16_t>(*number)};
  return domain.value() == PV_DOMID_SELF || store_.is_introduced(domain) ? "T\0"s : "F\0"s;
}

// The monitor does these by other means, so domain 0 does not find them here either.
XenstoreConnection::Reply XenstoreConnection::refuse_privileged(const Request&) {
  return domain_ == kMonitorDomain ? StoreStatus::Unsupported : StoreStatus::Denied;
}

}  // namespace pvisor
