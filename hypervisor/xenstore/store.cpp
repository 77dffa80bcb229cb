// SPDX-License-Identifier: MIT
// Store: operations by a named caller, commits, and the life of a domain.
#include "xenstore/store.hpp"

#include <limits>
#include <utility>

namespace pvisor {

Store::Store(StoreQuotas quotas) { rules_.quotas = quotas; }

StoreOperations Store::operations(const StoreCaller& caller) {
  NodeView& view = caller.transaction != nullptr ? static_cast<NodeView&>(*caller.transaction) : tree_;
  return {view, caller.domain, rules_};
}

StoreResult<std::string> Store::read(const StoreCaller& caller, const StorePath& path) { return operations(caller).read(path); }

StoreResult<StoreListing> Store::directory(const StoreCaller& caller, const StorePath& path) {
  return operations(caller).directory(path);
}

StoreResult<NodePermissions> Store::get_permissions(const StoreCaller& caller, const StorePath& path) {
  return operations(caller).get_permissions(path);
}

StoreStatus Store::exists(const StoreCaller& caller, const StorePath& path) { return operations(caller).exists(path); }

StoreStatus Store::write(const StoreCaller& caller, const StorePath& path, std::string_view value) {
  return told(operations(caller).write(path, value));
}

StoreStatus Store::mkdir(const StoreCaller& caller, const StorePath& path) { return told(operations(caller).mkdir(path)); }

StoreStatus Store::remove(const StoreCaller& caller, const StorePath& path) { return told(operations(caller).remove(path)); }

StoreStatus Store::set_permissions(const StoreCaller& caller, const StorePath& path, NodePermissions permissions) {
  return told(operations(caller).set_permissions(path, std::move(permissions)));
}

void Store::tell(const std::vector<StoreChange>& changes) {
  for (const StoreChange& change : changes) watches_.fire(change, tree_.share(change.path).get());
}

std::unique_ptr<StoreTransaction> Store::begin(DomainId caller) {
  const bool is_limited = caller != kMonitorDomain;
  const std::size_t limit = is_limited ? rules_.quotas.transaction_nodes : std::numeric_limits<std::size_t>::max();
  return std::make_unique<StoreTransaction>(tree_, limit);
}

StoreStatus Store::commit(DomainId caller, StoreTransaction& transaction) {
  if (transaction.has_conflict()) return StoreStatus::Again;
  if (caller != kMonitorDomain) {
    const std::int64_t growth = transaction.growth_of(caller).nodes;
    const auto limit = static_cast<std::int64_t>(rules_.quotas.nodes);
    // Checked again: the domain may have made nodes since, inside other transactions or outside.
    if (growth > 0 && tree_.use_of(caller).nodes + growth > limit) return StoreStatus::NoSpace;
  }
  tell(transaction.commit());
  return StoreStatus::Ok;
}

void Store::introduce_domain(DomainId domain) {
  if (rules_.domains.insert(domain).second) watches_.fire_special(kIntroduceWatch);
}

void Store::release_domain(DomainId domain) {
  if (domain == kMonitorDomain || rules_.domains.erase(domain) == 0) return;
  const StoreCaller monitor{kMonitorDomain, nullptr};
  (void)remove(monitor, StorePath::home(domain));
  for (const StorePath& path : tree_.owned_by(domain)) (void)remove(monitor, path);  // some are gone with one above
  tree_.forget_permissions_of(domain);
  watches_.fire_special(kReleaseWatch);
}

}  // namespace pvisor
