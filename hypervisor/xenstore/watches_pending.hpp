// SPDX-License-Identifier: MIT
// PendingEvents: keeps the events that wait for a slow watcher bounded. An event says "look again", so one that waits
// already stands for all later equal ones; and when too many different ones wait, further ones become a single event that
// names the watched path itself. Nothing is forgotten altogether until even those are too many.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "xenstore/watches.hpp"

namespace pvisor {

class PendingEvents {
 public:
  explicit PendingEvents(std::size_t limit) : limit_(limit) {}

  /// The path to queue an event for, or nothing if one that waits already will do.
  [[nodiscard]] std::optional<std::string> admit(const Watch& watch, const std::string& path) {
    if (events_.contains({watch.id, path})) return std::nullopt;
    if (events_.size() < limit_) return note(watch.id, path);
    std::string watched = watch.shown(watch.path);
    if (events_.size() >= 2 * limit_ || events_.contains({watch.id, watched})) return std::nullopt;
    return note(watch.id, std::move(watched));
  }
  /// The event has left the queue.
  void taken(WatchId watch, const std::string& path) { events_.erase({watch, path}); }
  void clear() { events_.clear(); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  [[nodiscard]] std::string note(WatchId watch, std::string path) {
    events_.emplace(watch, path);
    return path;
  }

  std::size_t limit_;
  std::set<std::pair<WatchId, std::string>> events_;
};

}  // namespace pvisor
