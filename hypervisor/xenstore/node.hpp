// SPDX-License-Identifier: MIT
// StoreNode, and NodeView: what the operations need of a tree. The tree itself is one view, a transaction's picture of it
// another, so every operation is written once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "xenstore/path.hpp"
#include "xenstore/permissions.hpp"
#include "xenstore/quota.hpp"

namespace pvisor {

struct StoreNode {
  std::string value;  ///< any bytes
  NodePermissions permissions;
  std::vector<std::string> children;  ///< leaf names in order of creation
  std::uint64_t generation = 0;       ///< changes whenever the node does
};

/// What our own book-keeping needs for a node, about.
inline constexpr std::size_t kNodeOverhead = 256;

/// What a node costs its owner. Its name in the directory above is paid by it, not by whose directory that is.
[[nodiscard]] inline StoreUse cost_of(const StorePath& path, const StoreNode& node) {
  return {1, static_cast<std::int64_t>(kNodeOverhead + 2 * path.text().size() + node.value.size())};
}

/// Which watches a change concerns.
enum class ChangeReach : std::uint8_t {
  NodeAndAbove,  ///< watches on the node or anything above it
  NodeOnly,      ///< watches on exactly this node: it went away because something above it was removed
};

class NodeView {
 public:
  virtual ~NodeView() = default;

  /// The node, or nullptr if there is none. No answer at all if a transaction has looked at too many nodes; nothing
  /// changed then. The pointer is good until the next change of the view.
  [[nodiscard]] virtual std::optional<const StoreNode*> find(const StorePath& path) = 0;

  // The rest cannot fail. Precondition of each: find() has answered for this path.

  /// Says that this path is about to change, and how far that is to be told.
  virtual void announce(const StorePath& path, ChangeReach reach) = 0;
  /// An existing node, to be changed now.
  [[nodiscard]] virtual StoreNode& edit(const StorePath& path) = 0;
  virtual void create(const StorePath& path, StoreNode node) = 0;
  virtual void erase(const StorePath& path) = 0;

  /// Accounting: what a domain owns as this view sees it.
  [[nodiscard]] virtual StoreUse use_of(DomainId owner) const = 0;
  virtual void charge(DomainId owner, const StoreUse& use) = 0;

  /// The domain is gone: no node of this view names it in its list any more.
  virtual void forget_permissions_of(DomainId domain) = 0;
};

}  // namespace pvisor
