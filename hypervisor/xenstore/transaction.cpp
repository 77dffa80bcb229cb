// SPDX-License-Identifier: MIT
// StoreTransaction: what it has seen, what it has changed, and the commit.
#include "xenstore/transaction.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace pvisor {

std::optional<const StoreNode*> StoreTransaction::find(const StorePath& path) {
  const auto known = seen_.find(path);
  if (known != seen_.end()) return known->second.now.get();
  if (seen_.size() >= node_limit_) return std::nullopt;
  const std::shared_ptr<StoreNode> node = tree_.share(path);
  seen_.emplace(path, Seen{node, node, std::nullopt, 0});
  memory_ += kNodeOverhead + path.text().size();
  return node.get();
}

StoreTransaction::Seen& StoreTransaction::at(const StorePath& path) {
  const auto known = seen_.find(path);
  PV_CHECK(known != seen_.end());
  return known->second;
}

void StoreTransaction::announce(const StorePath& path, ChangeReach reach) {
  Seen& seen = at(path);
  if (!seen.reach) seen.order = announced_++;
  seen.reach = reach;
}

StoreNode& StoreTransaction::edit(const StorePath& path) {
  Seen& seen = at(path);
  PV_CHECK(seen.now != nullptr);
  if (seen.now == seen.before) memory_ += static_cast<std::size_t>(cost_of(path, *seen.now).bytes);
  return own_node(seen.now, tree_.next_generation());
}

void StoreTransaction::create(const StorePath& path, StoreNode node) {
  node.generation = tree_.next_generation();
  at(path).now = std::make_shared<StoreNode>(std::move(node));
}

void StoreTransaction::erase(const StorePath& path) { at(path).now.reset(); }

StoreUse StoreTransaction::use_of(DomainId owner) const {
  StoreUse use = tree_.use_of(owner);
  return use += difference_.use_of(owner);
}

void StoreTransaction::forget_permissions_of(DomainId domain) {
  for (auto& [path, seen] : seen_) {
    // Nodes not changed here are the tree's; where those named the domain, the commit will meet a conflict.
    if (!seen.now || seen.now == seen.before) continue;
    seen.now->permissions.forget_if([domain](DomainId mentioned) { return mentioned == domain; });
  }
}

bool StoreTransaction::has_conflict() const {
  return std::any_of(seen_.begin(), seen_.end(),
                     [this](const auto& entry) { return tree_.share(entry.first) != entry.second.before; });
}

std::vector<StoreChange> StoreTransaction::commit() {
  std::vector<std::pair<std::size_t, StoreChange>> ordered;
  for (auto& [path, seen] : seen_) {
    // Made and removed again: nothing for others to see.
    const bool is_told = seen.reach && (seen.before || seen.now);
    if (is_told) ordered.emplace_back(seen.order, StoreChange{path, *seen.reach, seen.before});
    if (seen.now != seen.before) tree_.replace(path, std::move(seen.now));
  }
  for (const auto& [owner, use] : difference_.all()) tree_.charge(owner, use);
  seen_.clear();

  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<StoreChange> changes;
  changes.reserve(ordered.size());
  for (auto& [order, change] : ordered) changes.push_back(std::move(change));
  return changes;
}

}  // namespace pvisor
