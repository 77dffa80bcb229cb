// SPDX-License-Identifier: MIT
// NodeAccounts: counting.
#include "xenstore/quota.hpp"

namespace pvisor {

void NodeAccounts::charge(DomainId owner, std::int64_t nodes) {
  const auto entry = nodes_.try_emplace(owner, 0).first;
  entry->second += nodes;
  if (entry->second == 0) nodes_.erase(entry);
}

std::int64_t NodeAccounts::nodes_of(DomainId owner) const {
  const auto entry = nodes_.find(owner);
  return entry == nodes_.end() ? 0 : entry->second;
}

}  // namespace pvisor
