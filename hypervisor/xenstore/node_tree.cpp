// SPDX-License-Identifier: MIT
// NodeTree: copy-on-write nodes in an ordered map; the order also makes the end of a domain deterministic.
#include "xenstore/node_tree.hpp"

#include <utility>

#include "base/assert.hpp"

namespace pvisor {

StoreNode& own_node(std::shared_ptr<StoreNode>& node, std::uint64_t generation) {
  if (node.use_count() > 1) node = std::make_shared<StoreNode>(*node);
  node->generation = generation;
  return *node;
}

NodeTree::NodeTree() {
  const NodePermissions monitor_only{{kMonitorDomain, kRightNone}};
  const auto root = std::make_shared<StoreNode>(StoreNode{{}, monitor_only, {}, 0});
  nodes_.emplace(StorePath::root(), root);
  accounts_.charge(kMonitorDomain, cost_of(StorePath::root(), *root));
}

std::optional<const StoreNode*> NodeTree::find(const StorePath& path) {
  const auto entry = nodes_.find(path);
  return entry == nodes_.end() ? nullptr : entry->second.get();
}

void NodeTree::announce(const StorePath& path, ChangeReach reach) { changes_.push_back({path, reach, share(path)}); }

StoreNode& NodeTree::edit(const StorePath& path) {
  const auto entry = nodes_.find(path);
  PV_CHECK(entry != nodes_.end());
  return own_node(entry->second, next_generation());
}

void NodeTree::create(const StorePath& path, StoreNode node) {
  node.generation = next_generation();
  nodes_.insert_or_assign(path, std::make_shared<StoreNode>(std::move(node)));
}

void NodeTree::erase(const StorePath& path) { nodes_.erase(path); }

std::vector<StoreChange> NodeTree::take_changes() { return std::exchange(changes_, {}); }

std::shared_ptr<StoreNode> NodeTree::share(const StorePath& path) const {
  const auto entry = nodes_.find(path);
  return entry == nodes_.end() ? nullptr : entry->second;
}

void NodeTree::replace(const StorePath& path, std::shared_ptr<StoreNode> node) {
  if (node) {
    nodes_.insert_or_assign(path, std::move(node));
  } else {
    nodes_.erase(path);
  }
}

std::vector<StorePath> NodeTree::owned_by(DomainId owner) const {
  std::vector<StorePath> paths;
  if (accounts_.use_of(owner).nodes == 0) return paths;
  for (const auto& [path, node] : nodes_) {
    if (node->permissions.owner() == owner) paths.push_back(path);
  }
  return paths;
}

void NodeTree::forget_permissions_of(DomainId domain) {
  const auto is_gone = [domain](DomainId mentioned) { return mentioned == domain; };
  for (auto& [path, node] : nodes_) {
    if (!node->permissions.mentions_if(is_gone)) continue;
    own_node(node, next_generation()).permissions.forget_if(is_gone);
  }
  for (NodeView* picture : pictures_) picture->forget_permissions_of(domain);
}

bool NodeTree::is_consistent() const {
  NodeAccounts recount;
  std::size_t named = 1;  // the root, which no child list names
  for (const auto& [path, node] : nodes_) {
    recount.charge(node->permissions.owner(), cost_of(path, *node));
    named += node->children.size();
    for (const std::string& name : node->children) {
      if (!nodes_.contains(path.child(name))) return false;
    }
  }
  return named == nodes_.size() && recount.all() == accounts_.all();
}

}  // namespace pvisor
