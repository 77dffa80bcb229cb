// SPDX-License-Identifier: MIT
// WatchTable: registration and matching.
#include "xenstore/watches.hpp"

#include <algorithm>
#include <optional>

namespace pvisor {
namespace {

struct WatchTarget {
  std::string path;
  std::size_t hidden = 0;
};

std::optional<WatchTarget> parse_target(DomainId domain, std::string_view text) {
  if (text == kIntroduceWatch || text == kReleaseWatch) return WatchTarget{std::string(text), 0};
  const auto path = StorePath::parse(text, domain);
  if (!path) return std::nullopt;
  const std::size_t hidden = text.front() == '/' ? 0 : path->text().size() - text.size();
  return WatchTarget{path->text(), hidden};
}

bool is_concerned(const Watch& watch, const StoreChange& change) {
  const std::string& path = change.path.text();
  return change.reach == ChangeReach::NodeOnly ? path == watch.path : path_is_within(path, watch.path);
}

bool may_know(const Watch& watch, const StoreChange& change, const StoreNode* after) {
  const auto readable = [&](const StoreNode* node) {
    return node != nullptr && node->permissions.allows(watch.domain, kRightRead);
  };
  return readable(after) || readable(change.before.get());
}

}  // namespace

StoreResult<WatchId> WatchTable::add(WatchSink& sink, DomainId domain, std::string_view path, std::string_view token,
                                     std::size_t limit) {
  const auto target = parse_target(domain, path);
  if (!target) return StoreStatus::Invalid;
  const bool is_special = target->path.front() == '@';
  if (is_special && domain != kMonitorDomain) return StoreStatus::Denied;
  const auto is_same = [&](const Watch& watch) {
    return watch.sink == &sink && watch.path == target->path && watch.token == token;
  };
  if (std::any_of(watches_.begin(), watches_.end(), is_same)) return StoreStatus::Exists;
  if (domain != kMonitorDomain && count(sink) >= limit) return StoreStatus::TooBig;

  watches_.push_back({++last_id_, &sink, domain, target->path, std::string(token), target->hidden});
  return last_id_;
}

void WatchTable::fire_first(WatchId id) {
  for (const Watch& watch : watches_) {
    if (watch.id == id) watch.sink->watch_fired(watch, watch.shown(watch.path));
  }
}

bool WatchTable::remove(WatchSink& sink, DomainId domain, std::string_view path, std::string_view token) {
  const auto target = parse_target(domain, path);
  if (!target) return false;
  return std::erase_if(watches_, [&](const Watch& watch) {
           return watch.sink == &sink && watch.path == target->path && watch.token == token;
         }) != 0;
}

void WatchTable::remove(WatchId id) {
  std::erase_if(watches_, [id](const Watch& watch) { return watch.id == id; });
}

void WatchTable::remove_all(const WatchSink& sink) {
  std::erase_if(watches_, [&](const Watch& watch) { return watch.sink == &sink; });
}

std::size_t WatchTable::count(const WatchSink& sink) const {
  const auto is_of_sink = [&](const Watch& watch) { return watch.sink == &sink; };
  return static_cast<std::size_t>(std::count_if(watches_.begin(), watches_.end(), is_of_sink));
}

void WatchTable::fire(const StoreChange& change, const StoreNode* after) {
  for (const Watch& watch : watches_) {
    if (is_concerned(watch, change) && may_know(watch, change, after)) {
      watch.sink->watch_fired(watch, watch.shown(change.path.text()));
    }
  }
}

void WatchTable::fire_special(std::string_view name) {
  for (const Watch& watch : watches_) {
    if (watch.path == name) watch.sink->watch_fired(watch, watch.path);
  }
}

}  // namespace pvisor
