// SPDX-License-Identifier: MIT
// NodePermissions: who may do what with a node. The first entry names the owner, and its letter is what everybody not
// named in the list may do; the others name one domain each. Domain 0 and the owner may do everything.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"

namespace pvisor {

/// Bits; the letters on the wire are n (none), r, w and b (both).
using NodeRights = std::uint8_t;
inline constexpr NodeRights kRightNone = 0;
inline constexpr NodeRights kRightRead = 1;
inline constexpr NodeRights kRightWrite = 2;
inline constexpr NodeRights kRightBoth = kRightRead | kRightWrite;
inline constexpr NodeRights kRightOwner = 4;  ///< never in a list, only in the answer of rights_of()

struct NodePermission {
  DomainId domain;
  NodeRights rights = kRightNone;
  bool operator==(const NodePermission&) const = default;
};

class NodePermissions {
 public:
  /// Domain 0's alone.
  NodePermissions() : NodePermissions({{kMonitorDomain, kRightNone}}) {}
  /// Precondition: at least one entry, the owner's.
  NodePermissions(std::initializer_list<NodePermission> entries) : entries_(entries) {}

  /// From strings such as "r3"; nothing if the list is empty or one is malformed.
  [[nodiscard]] static std::optional<NodePermissions> parse(const std::vector<std::string_view>& words);
  /// One NUL-terminated word for each entry.
  [[nodiscard]] std::string to_wire() const;

  [[nodiscard]] DomainId owner() const { return entries_.front().domain; }
  void set_owner(DomainId owner) { entries_.front().domain = owner; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] NodeRights rights_of(DomainId domain) const;
  [[nodiscard]] bool allows(DomainId domain, NodeRights needed) const { return (rights_of(domain) & needed) == needed; }

  /// True if an entry behind the owner's satisfies `test`.
  template <class Test>
  [[nodiscard]] bool mentions_if(Test test) const {
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      if (test(entries_[i].domain)) return true;
    }
    return false;
  }
  /// Drops the entries behind the owner's that satisfy `test`.
  template <class Test>
  void forget_if(Test test) {
    const auto gone = [&](const NodePermission& entry) { return test(entry.domain); };
    entries_.erase(std::remove_if(entries_.begin() + 1, entries_.end(), gone), entries_.end());
  }

  bool operator==(const NodePermissions&) const = default;

 private:
  std::vector<NodePermission> entries_;
};

}  // namespace pvisor
