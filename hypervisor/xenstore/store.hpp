// SPDX-License-Identifier: MIT
// Store: the xenstore of the monitor: tree, watches, quotas, and the list of domains that take part. Reactor thread only.
//
// The monitor's own parts use it in-process as domain 0:
//   store.write("/local/domain/1/device/vbd/51712/state", "1");
//   WatchId id = store.watch("/local/domain/1/device", [&](const std::string& path) { look_again(path); });
//   store.deliver_events(64);  // once per turn of the reactor: callbacks run here, never inside an operation
// Guests come through XenstoreConnection, which names the caller.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstore/node_tree.hpp"
#include "xenstore/store_operations.hpp"
#include "xenstore/transaction.hpp"
#include "xenstore/watches.hpp"
#include "xenstore/watches_pending.hpp"

namespace pvisor {

/// On whose behalf, and inside which of its transactions (null: none).
struct StoreCaller {
  DomainId domain;
  StoreTransaction* transaction = nullptr;
};

class Store final : private WatchSink {
 public:
  using WatchCallback = std::function<void(const std::string& path)>;

  explicit Store(StoreQuotas quotas = {});
  ~Store() override = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // In-process, as domain 0. A malformed path is Invalid.
  StoreStatus write(std::string_view path, std::string_view value);
  [[nodiscard]] std::optional<std::string> read(std::string_view path);
  StoreStatus mkdir(std::string_view path);
  StoreStatus remove(std::string_view path);
  StoreStatus set_permissions(std::string_view path, const NodePermissions& permissions);
  [[nodiscard]] bool exists(std::string_view path);
  /// Children's names; empty if there is no such node.
  [[nodiscard]] std::vector<std::string> list(std::string_view path);

  /// Fires once for the registration, too. Path as for guests, or kIntroduceWatch, kReleaseWatch. 0 if it is malformed.
  [[nodiscard]] WatchId watch(std::string_view path, WatchCallback callback);
  /// The callback is not called again, not even for events under way.
  void unwatch(WatchId id);
  [[nodiscard]] bool has_events() const { return !events_.empty(); }
  /// Calls back for up to `budget` events, oldest first; callbacks may use the store freely. Returns how many.
  std::size_t deliver_events(std::size_t budget);
  /// Called whenever has_events() becomes true: post the work item that calls deliver_events(), nothing more.
  void set_event_notifier(std::function<void()> notifier) { notify_events_ = std::move(notifier); }

  // For connections.
  [[nodiscard]] StoreResult<std::string> read(const StoreCaller& caller, const StorePath& path);
  [[nodiscard]] StoreResult<StoreListing> directory(const StoreCaller& caller, const StorePath& path);
  [[nodiscard]] StoreResult<NodePermissions> get_permissions(const StoreCaller& caller, const StorePath& path);
  [[nodiscard]] StoreStatus write(const StoreCaller& caller, const StorePath& path, std::string_view value);
  [[nodiscard]] StoreStatus mkdir(const StoreCaller& caller, const StorePath& path);
  [[nodiscard]] StoreStatus remove(const StoreCaller& caller, const StorePath& path);
  [[nodiscard]] StoreStatus set_permissions(const StoreCaller& caller, const StorePath& path, NodePermissions permissions);
  [[nodiscard]] StoreStatus exists(const StoreCaller& caller, const StorePath& path);

  [[nodiscard]] std::unique_ptr<StoreTransaction> begin(DomainId caller);
  /// Again: it met a conflict and nothing happened. The transaction is used up either way.
  [[nodiscard]] StoreStatus commit(DomainId caller, StoreTransaction& transaction);

  [[nodiscard]] WatchTable& watches() { return watches_; }
  [[nodiscard]] const StoreQuotas& quotas() const { return rules_.quotas; }

  // The life of a domain.
  /// From now on it may be named in permissions and its connection is served.
  void introduce_domain(DomainId domain);
  /// The end: its home, every node it owns anywhere, and every mention of it in permissions. Its watches and transactions
  /// end with its connection. Nothing if it is not introduced.
  void release_domain(DomainId domain);
  [[nodiscard]] bool is_introduced(DomainId domain) const { return rules_.domains.contains(domain); }
  [[nodiscard]] StoreUse use_of(DomainId domain) const { return tree_.use_of(domain); }
  [[nodiscard]] std::int64_t nodes_of(DomainId domain) const { return use_of(domain).nodes; }
  [[nodiscard]] const NodeTree& tree() const { return tree_; }
  /// Puts back a tree() of earlier; nobody is told. For tests that begin at the same place thousands of times.
  /// Preconditions: no transaction is open, and the same domains are introduced as then.
  void restore(const NodeTree& tree) { tree_ = tree; }

 private:
  [[nodiscard]] StoreOperations operations(const StoreCaller& caller);
  /// Fires the watches for what the last operation changed in the tree, and hands on its result.
  template <class Result>
  Result told(Result result) {
    tell(tree_.take_changes());
    return result;
  }
  void tell(const std::vector<StoreChange>& changes);
  void watch_fired(const Watch& watch, const std::string& path) override;

  struct LocalEvent {
    WatchId watch;
    std::string path;
  };

  StoreRules rules_;
  NodeTree tree_;
  WatchTable watches_;
  std::map<WatchId, std::shared_ptr<const WatchCallback>> callbacks_;  ///< shared with a call under way
  std::uint64_t local_watches_ = 0;
  std::deque<LocalEvent> events_;
  PendingEvents pending_{4096};
  std::function<void()> notify_events_;
};

}  // namespace pvisor
