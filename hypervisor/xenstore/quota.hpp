// SPDX-License-Identifier: MIT
// What one domain may use of the store, with Xen's defaults, and the count of nodes each domain owns.
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
  std::size_t outstanding = 20;      ///< replies not yet taken before no further request is served
  std::size_t pending_events = 256;  ///< events not yet taken before they are merged
};

/// Nodes per owner. Counts are signed so that a transaction can hold differences.
class NodeAccounts {
 public:
  void charge(DomainId owner, std::int64_t nodes);
  [[nodiscard]] std::int64_t nodes_of(DomainId owner) const;
  [[nodiscard]] const std::map<DomainId, std::int64_t>& all() const { return nodes_; }

 private:
  std::map<DomainId, std::int64_t> nodes_;  ///< no zero entries
};

}  // namespace pvisor
