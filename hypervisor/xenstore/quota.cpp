// SPDX-License-Identifier: MIT
// NodeAccounts: counting.
#include "xenstore/quota.hpp"

namespace pvisor {

void NodeAccounts::charge(DomainId owner, const StoreUse& use) {
  const auto entry = uses_.try_emplace(owner).first;
  entry->second += use;
  if (entry->second == StoreUse{}) uses_.erase(entry);
}

StoreUse NodeAccounts::use_of(DomainId owner) const {
  const auto entry = uses_.find(owner);
  return entry == uses_.end() ? StoreUse{} : entry->second;
}

}  // namespace pvisor
