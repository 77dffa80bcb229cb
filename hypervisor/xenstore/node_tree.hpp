// SPDX-License-Identifier: MIT
// NodeTree: the store's nodes, keyed by their full path, so that no operation needs recursion however deep a guest builds.
//
// Nodes are shared_ptr because open transactions own, together with the tree, the nodes they have seen: a node that
// somebody else holds is copied before it is changed, and "has it changed since?" is a comparison of pointers.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "xenstore/node.hpp"
#include "xenstore/quota.hpp"

namespace pvisor {

/// Something that changed, for the watches: what was there before (null: nothing) tells who may know of it.
struct StoreChange {
  StorePath path;
  ChangeReach reach = ChangeReach::NodeAndAbove;
  std::shared_ptr<const StoreNode> before;  ///< shared with the tree or a transaction
};

class NodeTree final : public NodeView {
 public:
  NodeTree();

  [[nodiscard]] std::optional<const StoreNode*> find(const StorePath& path) override;
  void announce(const StorePath& path, ChangeReach reach) override;
  [[nodiscard]] StoreNode& edit(const StorePath& path) override;
  void create(const StorePath& path, StoreNode node) override;
  void erase(const StorePath& path) override;
  [[nodiscard]] StoreUse use_of(DomainId owner) const override { return accounts_.use_of(owner); }
  void charge(DomainId owner, const StoreUse& use) override { accounts_.charge(owner, use); }

  /// What was announced since the last call, in order.
  [[nodiscard]] std::vector<StoreChange> take_changes();

  // For transactions.
  void add_picture(NodeView& picture) { pictures_.insert(&picture); }
  void remove_picture(NodeView& picture) { pictures_.erase(&picture); }
  [[nodiscard]] std::shared_ptr<StoreNode> share(const StorePath& path) const;
  void replace(const StorePath& path, std::shared_ptr<StoreNode> node);
  [[nodiscard]] std::uint64_t next_generation() { return ++generation_; }

  // For the end of a domain.
  [[nodiscard]] std::vector<StorePath> owned_by(DomainId owner) const;
  void forget_permissions_of(DomainId domain) override;  ///< in every picture of the tree, too

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  /// True if counts, parents and child lists agree with the nodes there are. For tests; walks everything.
  [[nodiscard]] bool is_consistent() const;

 private:
  std::map<StorePath, std::shared_ptr<StoreNode>> nodes_;
  NodeAccounts accounts_;
  std::vector<StoreChange> changes_;
  std::set<NodeView*> pictures_;  ///< open transactions; they take themselves out
  std::uint64_t generation_ = 0;
};

/// The node, copied first if anybody else holds it.
[[nodiscard]] StoreNode& own_node(std::shared_ptr<StoreNode>& node, std::uint64_t generation);

}  // namespace pvisor
