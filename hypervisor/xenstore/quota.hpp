// SPDX-License-Identifier: MIT
// What one domain may use of the store, with Xen's defaults, and the sum of what each domain owns.
// Domain 0 is never refused anything; its nodes are counted all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "core/ids.hpp"

namespace pvisor {

struct StoreQuotas {
  std::size_t nodes = 1000;
  std::size_t watches = 128;
  std::size_t transactions = 10;
  std::size_t transaction_nodes = 1024;  ///< distinct nodes one transaction looks at
  std::size_t permissions = 5;           ///< entries of one node, the owner's included
  std::size_t value_bytes = 2048;
  std::size_t memory = 2'621'440;     ///< bytes: its nodes, its open transactions, and what it has not taken yet
  std::size_t outstanding = 20;      ///< replies not yet taken before no further request is served
  std::size_t pending_events = 256;  ///< events not yet taken before they are merged
};

/// What is charged to the owner of nodes. Signed, so that a transaction can hold differences.
struct StoreUse {
  std::int64_t nodes = 0;
  std::int64_t bytes = 0;

  StoreUse& operator+=(const StoreUse& other) {
    nodes += other.nodes;
    bytes += other.bytes;
    return *this;
  }
  StoreUse operator-() const { return {-nodes, -bytes}; }
  bool operator==(const StoreUse&) const = default;
};

class NodeAccounts {
 public:
  void charge(DomainId owner, const StoreUse& use);
  [[nodiscard]] StoreUse use_of(DomainId owner) const;
  [[nodiscard]] const std::map<DomainId, StoreUse>& all() const { return uses_; }

 private:
  std::map<DomainId, StoreUse> uses_;  ///< no zero entries
};

}  // namespace pvisor
