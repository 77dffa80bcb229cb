// SPDX-License-Identifier: MIT
// StoreOperations: permission checks, creation with missing parents, removal of subtrees. Iterative throughout: a guest
// decides how deep the tree is.
#include "xenstore/store_operations.hpp"

#include <utility>

namespace pvisor {

StoreResult<const StoreNode*> StoreOperations::lookup(const StorePath& path, NodeRights needed) {
  const auto found = view_.find(path);
  if (!found) return StoreStatus::NoSpace;
  if (*found != nullptr) {
    if (!(*found)->permissions.allows(caller_, needed)) return StoreStatus::Denied;
    return *found;
  }
  // That a node is missing may only be known to whoever has the same right to the nearest node above it.
  StorePath above = path;
  while (!above.is_root()) {
    above = above.parent();
    const auto ancestor = view_.find(above);
    if (!ancestor) return StoreStatus::NoSpace;
    if (*ancestor == nullptr) continue;
    return (*ancestor)->permissions.allows(caller_, needed) ? StoreStatus::Missing : StoreStatus::Denied;
  }
  return StoreStatus::Missing;
}

StoreResult<std::string> StoreOperations::read(const StorePath& path) {
  const auto node = lookup(path, kRightRead);
  if (!node.ok()) return node.status;
  return node.value->value;
}

StoreResult<StoreListing> StoreOperations::directory(const StorePath& path) {
  const auto node = lookup(path, kRightRead);
  if (!node.ok()) return node.status;
  return StoreListing{node.value->children, node.value->generation};
}

StoreResult<NodePermissions> StoreOperations::get_permissions(const StorePath& path) {
  const auto node = lookup(path, kRightRead);
  if (!node.ok()) return StoreResult<NodePermissions>(node.status);
  return node.value->permissions;
}

StoreStatus StoreOperations::exists(const StorePath& path) { return lookup(path, kRightRead).status; }

StoreStatus StoreOperations::write(const StorePath& path, std::string_view value) {
  const auto node = lookup(path, kRightWrite);
  if (!node.ok() && node.status != StoreStatus::Missing) return node.status;
  if (!is_privileged() && value.size() > rules_.quotas.value_bytes) return StoreStatus::NoSpace;
  if (node.status == StoreStatus::Missing) return create(path, value);
  const auto growth = static_cast<std::int64_t>(value.size()) - static_cast<std::int64_t>(node.value->value.size());
  view_.charge(node.value->permissions.owner(), {0, growth});
  view_.announce(path, ChangeReach::NodeAndAbove);
  view_.edit(path).value = value;
  return StoreStatus::Ok;
}

StoreStatus StoreOperations::mkdir(const StorePath& path) {
  const auto node = lookup(path, kRightWrite);
  return node.status == StoreStatus::Missing ? create(path, {}) : node.status;
}

StoreStatus StoreOperations::create(const StorePath& path, std::string_view value) {
  std::vector<StorePath> missing;  // from `path` upwards
  const StoreNode* nearest = nullptr;
  StorePath at = path;
  while (nearest == nullptr) {
    const auto found = view_.find(at);
    if (!found) return StoreStatus::NoSpace;
    nearest = *found;
    if (nearest != nullptr) break;
    missing.push_back(at);
    at = at.parent();
  }
  NodePermissions permissions = nearest->permissions;
  if (!is_privileged()) permissions.set_owner(caller_);
  const auto growth = static_cast<std::int64_t>(missing.size());
  const auto limit = static_cast<std::int64_t>(rules_.quotas.nodes);
  if (!is_privileged() && view_.use_of(caller_).nodes + growth > limit) return StoreStatus::NoSpace;

  view_.announce(path, ChangeReach::NodeAndAbove);
  view_.edit(at).children.emplace_back(missing.back().leaf());
  for (std::size_t i = missing.size(); i-- > 0;) {
    StoreNode node{{}, permissions, {}, 0};
    if (i == 0) {
      node.value = value;
    } else {
      node.children.emplace_back(missing[i - 1].leaf());
    }
    view_.charge(permissions.owner(), cost_of(missing[i], node));
    view_.create(missing[i], std::move(node));
  }
  return StoreStatus::Ok;
}

StoreStatus StoreOperations::remove(const StorePath& path) {
  const auto node = lookup(path, kRightWrite);
  if (node.status == StoreStatus::Missing) {
    const auto above = view_.find(path.parent());
    if (!above) return StoreStatus::NoSpace;
    return *above != nullptr ? StoreStatus::Ok : StoreStatus::Missing;
  }
  if (!node.ok()) return node.status;
  if (path.is_root()) return StoreStatus::Invalid;
  const auto doomed = subtree(path);
  if (!doomed.ok()) return doomed.status;
  const StorePath parent = path.parent();
  const auto above = view_.find(parent);
  if (!above) return StoreStatus::NoSpace;
  const bool has_parent = *above != nullptr;  // see subtree()

  for (const StorePath& each : doomed.value) {
    const auto found = view_.find(each);
    if (!found || *found == nullptr) continue;  // listed twice
    view_.charge((*found)->permissions.owner(), -cost_of(each, **found));
    view_.announce(each, each == path ? ChangeReach::NodeAndAbove : ChangeReach::NodeOnly);
    view_.erase(each);
  }
  if (has_parent) std::erase(view_.edit(parent).children, path.leaf());
  return StoreStatus::Ok;
}

// A transaction first sees its nodes at different times, so in its picture a child may be listed that has gone, be listed
// twice, or have no parent any more. Such a transaction cannot be committed, but until then it must be served.
StoreResult<std::vector<StorePath>> StoreOperations::subtree(const StorePath& top) {
  std::vector<StorePath> paths{top};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const StorePath parent = paths[i];  // a copy: the vector grows
    const auto node = view_.find(parent);
    if (!node) return StoreStatus::NoSpace;
    for (const std::string& name : (*node)->children) {
      StorePath child = parent.child(name);
      const auto found = view_.find(child);
      if (!found) return StoreStatus::NoSpace;
      if (*found != nullptr) paths.push_back(std::move(child));
    }
  }
  return paths;
}

StoreStatus StoreOperations::set_permissions(const StorePath& path, NodePermissions permissions) {
  const auto node = lookup(path, kRightWrite | kRightOwner);
  if (!node.ok()) return node.status;
  const DomainId old_owner = node.value->permissions.owner();
  const DomainId new_owner = permissions.owner();
  if (!is_privileged()) {
    if (new_owner != old_owner) return StoreStatus::Denied;
    if (permissions.size() > rules_.quotas.permissions) return StoreStatus::NoSpace;
    // A later domain must not find itself named by somebody who never knew it.
    permissions.forget_if([&](DomainId domain) { return !rules_.domains.contains(domain); });
  }
  view_.charge(old_owner, -cost_of(path, *node.value));
  view_.charge(new_owner, cost_of(path, *node.value));
  view_.announce(path, ChangeReach::NodeAndAbove);
  view_.edit(path).permissions = std::move(permissions);
  return StoreStatus::Ok;
}

}  // namespace pvisor
