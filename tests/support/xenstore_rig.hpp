// SPDX-License-Identifier: MIT
// XenstoreRig: the real store with three connections (domain 0 and two guests) beside the reference model. It does the same to
// both and says whether replies, events and counts agree. A transaction is checked at its commit: what a successful one did must
// equal the same requests made at once at that moment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/xenstore_client.hpp"
#include "support/xenstore_model.hpp"

namespace pvisor::test {

class XenstoreRig {
 public:
  static constexpr int kDomains = 3;

  explicit XenstoreRig(StoreQuotas quotas);

  /// As newly made, at a small part of the cost: what the constructor made is kept aside.
  void start_over();

  /// A request outside transactions; true if both sides agree in reply and events.
  [[nodiscard]] bool request(int who, const StoreRequest& request);

  /// 0 if refused.
  std::uint32_t begin(int who);
  /// A request inside; the reply, which only the commit can judge.
  std::string request_inside(int who, std::uint32_t transaction, const StoreRequest& request);
  /// True if the outcome (in `outcome`: OK, EAGAIN, ENOSPC) is justified and, if it is OK, both sides agree.
  [[nodiscard]] bool commit(int who, std::uint32_t transaction, std::string* outcome = nullptr);
  [[nodiscard]] bool abort(int who, std::uint32_t transaction);
  [[nodiscard]] std::size_t open_transactions(int who) const { return open_[who].size(); }
  /// The number of one of them, counted from 0.
  [[nodiscard]] std::uint32_t open_transaction(int who, std::size_t which) const;

  /// A guest ends, and a new one with its number begins.
  [[nodiscard]] bool replace_domain(int who);

  [[nodiscard]] std::size_t nodes() const { return store_.tree().size(); }
  [[nodiscard]] std::size_t watches() { return store_.watches().size(); }
  [[nodiscard]] bool counts_agree() const;
  /// Values, children and permissions of every path given.
  [[nodiscard]] bool contents_agree(const std::vector<std::string>& paths);

 private:
  struct Open {
    std::vector<std::pair<StoreRequest, std::string>> steps;
    std::uint64_t began = 0;         ///< `changes_` then
    bool domains_unchanged = true;   ///< else replies about permissions may differ at the commit
  };

  std::string ask(int who, const StoreRequest& request, std::uint32_t transaction = 0);
  [[nodiscard]] bool events_agree();
  [[nodiscard]] bool replay(int who, const Open& done);

  StoreQuotas quotas_;
  Store store_;
  std::vector<std::unique_ptr<XenstoreClient>> clients_;
  XenstoreModel model_;
  NodeTree first_tree_;  ///< shares its nodes with the store until they change
  XenstoreModel first_model_;
  std::map<std::uint32_t, Open> open_[kDomains];
  std::uint64_t changes_ = 0;  ///< of the tree, so that a conflict without a cause is noticed
};

}  // namespace pvisor::test
