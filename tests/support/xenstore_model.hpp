// SPDX-License-Identifier: MIT
// XenstoreModel: the rules of the store once more, as plainly as possible: nodes by path, everything looked up by walking strings,
// no transactions. Tests do the same to it and to the real store and compare replies, events and counts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xenstore/quota.hpp"

namespace pvisor::test {

/// One request as a connection would send it: payload is `path`, NUL, `rest`.
struct StoreRequest {
  std::uint32_t type;
  std::string path;
  std::string rest;  ///< value, permission words, token or offset
};

class XenstoreModel {
 public:
  /// Domains 0, 1 and 2 take part; the latter have a directory `data` of their own in their home, and everybody may write in /s.
  explicit XenstoreModel(StoreQuotas quotas);

  /// The reply's payload, or "!" and the error's name. Of DIRECTORY_PART without the generation.
  std::string apply(int who, const StoreRequest& request);
  /// The domain ends and another with its number begins.
  void replace_domain(int who);
  void set_node_quota(std::size_t nodes) { quotas_.nodes = nodes; }

  /// "path token" of what this domain was told since the last call. Equal events of one watch are merged while they wait.
  [[nodiscard]] std::vector<std::string> take_events(int who);
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] std::size_t owned_by(int who) const;

 private:
  struct Node {
    std::string value;
    std::vector<std::pair<char, int>> permissions;
    int born = 0;
  };
  struct Watch {
    int id;
    int who;
    std::string path, token;
    std::size_t hidden;
  };
  using Nodes = std::map<std::string, Node, std::less<>>;

  [[nodiscard]] std::string answer(int who, const StoreRequest& request, const std::string& path);
  [[nodiscard]] std::string error_of(int who, std::string_view path, std::string_view needs) const;
  [[nodiscard]] std::vector<std::string_view> children(std::string_view path) const;
  [[nodiscard]] std::string listing(const std::string& path) const;
  [[nodiscard]] std::string words(const std::string& path) const;
  std::string create(int who, const std::string& path, const std::string& value);
  std::string write(int who, const std::string& path, const std::string& value);
  std::string mkdir(int who, const std::string& path);
  std::string rm(int who, const std::string& path);
  std::string set_permissions(int who, const std::string& path, const std::string& rest);
  std::string watch(int who, const StoreRequest& request);
  std::string unwatch(int who, const StoreRequest& request);
  void fire(const Watch& watch, const std::string& path);
  void tell(const std::string& path, const Node* before, bool exact);
  void tell_special(const std::string& name);
  void make_home(int who);
  void make_for(const std::string& path, std::vector<std::pair<char, int>> permissions);

  StoreQuotas quotas_;
  Nodes nodes_;
  std::vector<Watch> watches_;
  std::vector<std::pair<int, std::string>> events_[3];  ///< by domain: watch and text
  int births_ = 0;
  int last_watch_ = 0;
};

}  // namespace pvisor::test
