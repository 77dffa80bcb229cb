// SPDX-License-Identifier: MIT
// StoreOperations: what a caller can do to a tree or, inside a transaction, to its picture of it. Each operation checks
// path, permission and quota first and then changes everything or nothing.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "xenstore/node.hpp"
#include "xenstore/quota.hpp"
#include "xenstore/store_status.hpp"

namespace pvisor {

/// What holds for every caller of one store.
struct StoreRules {
  StoreQuotas quotas;
  std::set<DomainId> domains{kMonitorDomain};  ///< introduced and alive
};

struct StoreListing {
  std::vector<std::string> names;  ///< in order of creation
  std::uint64_t generation = 0;    ///< differs when the directory has changed
};

class StoreOperations {
 public:
  StoreOperations(NodeView& view, DomainId caller, const StoreRules& rules) : view_(view), caller_(caller), rules_(rules) {}

  [[nodiscard]] StoreResult<std::string> read(const StorePath& path);
  [[nodiscard]] StoreResult<StoreListing> directory(const StorePath& path);
  [[nodiscard]] StoreResult<NodePermissions> get_permissions(const StorePath& path);
  /// Ok or why the caller may not read it.
  [[nodiscard]] StoreStatus exists(const StorePath& path);

  /// Also makes the nodes above that are missing.
  [[nodiscard]] StoreStatus write(const StorePath& path, std::string_view value);
  /// Changes nothing if the node exists.
  [[nodiscard]] StoreStatus mkdir(const StorePath& path);
  /// With everything below. Ok if the node is missing but the one above exists.
  [[nodiscard]] StoreStatus remove(const StorePath& path);
  [[nodiscard]] StoreStatus set_permissions(const StorePath& path, NodePermissions permissions);

 private:
  [[nodiscard]] bool is_privileged() const { return caller_ == kMonitorDomain; }
  [[nodiscard]] StoreResult<const StoreNode*> lookup(const StorePath& path, NodeRights needed);
  [[nodiscard]] StoreStatus create(const StorePath& path, std::string_view value);
  [[nodiscard]] StoreResult<std::vector<StorePath>> subtree(const StorePath& top);

  NodeView& view_;
  DomainId caller_;
  const StoreRules& rules_;
};

}  // namespace pvisor
