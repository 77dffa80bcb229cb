// SPDX-License-Identifier: MIT
// Store: in-process use by the monitor's own parts as domain 0, and the queue of their watch events.
#include <utility>

#include "xenstore/store.hpp"

namespace pvisor {
namespace {

constexpr StoreCaller kMonitor{kMonitorDomain, nullptr};

}  // namespace

StoreStatus Store::write(std::string_view path, std::string_view value) {
  const auto parsed = StorePath::parse(path);
  return parsed ? write(kMonitor, *parsed, value) : StoreStatus::Invalid;
}

std::optional<std::string> Store::read(std::string_view path) {
  const auto parsed = StorePath::parse(path);
  if (!parsed) return std::nullopt;
  auto result = read(kMonitor, *parsed);
  if (!result.ok()) return std::nullopt;
  return std::move(result.value);
}

StoreStatus Store::mkdir(std::string_view path) {
  const auto parsed = StorePath::parse(path);
  return parsed ? mkdir(kMonitor, *parsed) : StoreStatus::Invalid;
}

StoreStatus Store::remove(std::string_view path) {
  const auto parsed = StorePath::parse(path);
  return parsed ? remove(kMonitor, *parsed) : StoreStatus::Invalid;
}

StoreStatus Store::set_permissions(std::string_view path, const NodePermissions& permissions) {
  const auto parsed = StorePath::parse(path);
  return parsed ? set_permissions(kMonitor, *parsed, permissions) : StoreStatus::Invalid;
}

bool Store::exists(std::string_view path) {
  const auto parsed = StorePath::parse(path);
  return parsed && exists(kMonitor, *parsed) == StoreStatus::Ok;
}

std::vector<std::string> Store::list(std::string_view path) {
  const auto parsed = StorePath::parse(path);
  if (!parsed) return {};
  return directory(kMonitor, *parsed).value.names;
}

WatchId Store::watch(std::string_view path, WatchCallback callback) {
  const std::string token = std::to_string(++local_watches_);  // two parts may watch the same path
  const auto added = watches_.add(*this, kMonitorDomain, path, token, 0);
  if (!added.ok()) return 0;
  callbacks_.emplace(added.value, std::make_shared<const WatchCallback>(std::move(callback)));
  watches_.fire_first(added.value);
  return added.value;
}

void Store::unwatch(WatchId id) {
  if (callbacks_.erase(id) != 0) watches_.remove(id);
}

void Store::watch_fired(const Watch& watch, const std::string& path) {
  auto admitted = pending_.admit(watch, path);
  if (!admitted) return;
  const bool was_quiet = events_.empty();
  events_.push_back({watch.id, std::move(*admitted)});
  if (was_quiet && notify_events_) notify_events_();
}

std::size_t Store::deliver_events(std::size_t budget) {
  std::size_t delivered = 0;
  while (delivered < budget && !events_.empty()) {
    const LocalEvent event = std::move(events_.front());
    events_.pop_front();
    pending_.taken(event.watch, event.path);
    ++delivered;
    const auto entry = callbacks_.find(event.watch);
    if (entry == callbacks_.end()) continue;
    const std::shared_ptr<const WatchCallback> callback = entry->second;  // it may end its own watch
    (*callback)(event.path);
  }
  return delivered;
}

}  // namespace pvisor
