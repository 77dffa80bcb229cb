// SPDX-License-Identifier: MIT
// WatchTable: who wants to hear of which part of the tree. A watch hears of its node and everything below, once for each
// change, and of nothing its domain may not read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "xenstore/node_tree.hpp"
#include "xenstore/store_status.hpp"

namespace pvisor {

/// Never reused, so that an event under way for a watch that has ended is recognised.
using WatchId = std::uint64_t;

inline constexpr std::string_view kIntroduceWatch = "@introduceDomain";
inline constexpr std::string_view kReleaseWatch = "@releaseDomain";

struct Watch;

/// Receives events. It only takes note of them: it must not call back into the store.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  /// `path` is as the watcher named it: relative if the watch was.
  virtual void watch_fired(const Watch& watch, const std::string& path) = 0;
};

struct Watch {
  WatchId id = 0;
  WatchSink* sink = nullptr;
  DomainId domain;
  std::string path;  ///< absolute, or the name of a special watch
  std::string token;
  std::size_t hidden = 0;  ///< bytes of an absolute path that a relative watch does not show

  [[nodiscard]] std::string shown(std::string_view absolute) const { return std::string(absolute.substr(hidden)); }
};

class WatchTable {
 public:
  /// Checks path, permission for special watches, doubles and the quota (`limit` watches of this sink; domain 0 has none).
  /// The new watch has not fired yet.
  [[nodiscard]] StoreResult<WatchId> add(WatchSink& sink, DomainId domain, std::string_view path, std::string_view token,
                                         std::size_t limit);
  /// Fires this one now, with its own path.
  void fire_first(WatchId id);

  /// False if there was no such watch.
  bool remove(WatchSink& sink, DomainId domain, std::string_view path, std::string_view token);
  void remove(WatchId id);
  void remove_all(const WatchSink& sink);
  [[nodiscard]] std::size_t count(const WatchSink& sink) const;
  [[nodiscard]] std::size_t size() const { return watches_.size(); }

  /// Fires what the change concerns. `after`: the node as it is now, null if it is gone.
  void fire(const StoreChange& change, const StoreNode* after);
  void fire_special(std::string_view name);

 private:
  std::vector<Watch> watches_;  ///< in order of registration, which is the order of events
  WatchId last_id_ = 0;
};

}  // namespace pvisor
