// SPDX-License-Identifier: MIT
// StoreTransaction: a caller's private picture of the tree. Each node it looks at is remembered as it was; changes stay
// here until the commit, which succeeds only if everything looked at is still the same (optimistic, no lock: others never
// wait for a transaction).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "xenstore/node_tree.hpp"

namespace pvisor {

class StoreTransaction final : public NodeView {
 public:
  /// Looks at no more than `node_limit` distinct nodes.
  StoreTransaction(NodeTree& tree, std::size_t node_limit) : tree_(tree), node_limit_(node_limit) { tree_.add_picture(*this); }
  ~StoreTransaction() override { tree_.remove_picture(*this); }
  StoreTransaction(const StoreTransaction&) = delete;
  StoreTransaction& operator=(const StoreTransaction&) = delete;

  [[nodiscard]] std::optional<const StoreNode*> find(const StorePath& path) override;
  void announce(const StorePath& path, ChangeReach reach) override;
  [[nodiscard]] StoreNode& edit(const StorePath& path) override;
  void create(const StorePath& path, StoreNode node) override;
  void erase(const StorePath& path) override;
  [[nodiscard]] StoreUse use_of(DomainId owner) const override;
  void charge(DomainId owner, const StoreUse& use) override { difference_.charge(owner, use); }
  void forget_permissions_of(DomainId domain) override;

  /// True if somebody changed a node that this transaction has looked at.
  [[nodiscard]] bool has_conflict() const;
  /// What the commit would add to this owner's account; negative if it frees some.
  [[nodiscard]] StoreUse growth_of(DomainId owner) const { return difference_.use_of(owner); }
  /// Bytes that it holds while it is open, its growth apart.
  [[nodiscard]] std::size_t memory() const { return memory_; }
  /// Puts the changes into the tree and returns them in the order they were made. Precondition: no conflict.
  [[nodiscard]] std::vector<StoreChange> commit();

 private:
  struct Seen {
    std::shared_ptr<StoreNode> before;  ///< as first met; null: missing. Shared with the tree.
    std::shared_ptr<StoreNode> now;
    std::optional<ChangeReach> reach;  ///< set once announced
    std::size_t order = 0;             ///< of the first announcement
  };

  [[nodiscard]] Seen& at(const StorePath& path);

  NodeTree& tree_;
  std::size_t node_limit_;
  std::map<StorePath, Seen> seen_;
  NodeAccounts difference_;
  std::size_t announced_ = 0;
  std::size_t memory_ = 0;
};

}  // namespace pvisor
