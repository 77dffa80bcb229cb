// SPDX-License-Identifier: MIT
// Random operation sequences with fixed seeds against a tiny reference model: replies, listings, counts, watch events, and
// for transactions: what a successful commit did equals the same requests made at once at that moment.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "unit/xenstore_test_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

constexpr std::size_t kTightQuota = 25;
constexpr std::size_t kAmpleQuota = 1000;  ///< more than all paths of RandomOps
const std::string kWatched = "/s/a/b";

struct Op {
  std::uint32_t type;
  std::string path;
  std::string rest;  // value or permission words
};

// The rules once more, as plainly as possible: nodes by path, everything looked up by walking strings.
class Model {
 public:
  explicit Model(std::size_t node_quota) : node_quota_(node_quota) {}
  struct Node {
    std::string value;
    std::vector<std::pair<char, int>> perms;
    int born = 0;
  };
  std::map<std::string, Node> nodes{{"/", {"", {{'n', 0}}, 0}}, {"/s", {"", {{'b', 0}}, 1}}};
  std::map<int, std::string> events;  // of the last operation: watcher -> path

  std::string apply(int who, const Op& op) {
    events.clear();
    switch (op.type) {
      case PV_XS_READ: return failed(who, op.path, "r") ? error_ : nodes[op.path].value;
      case PV_XS_DIRECTORY: return failed(who, op.path, "r") ? error_ : children(op.path);
      case PV_XS_GET_PERMS: return failed(who, op.path, "r") ? error_ : words(nodes[op.path].perms);
      case PV_XS_WRITE: return write(who, op.path, op.rest);
      case PV_XS_MKDIR: return mkdir(who, op.path);
      case PV_XS_RM: return rm(who, op.path);
      default: return set_perms(who, op.path, op.rest);
    }
  }
  std::size_t owned(int who) const {
    return static_cast<std::size_t>(
        std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.second.perms[0].second == who; }));
  }

 private:
  static std::string up(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
  }
  static bool inside(const std::string& path, const std::string& top) { return path == top || path.rfind(top + "/", 0) == 0; }
  static bool may(int who, const Node& node, char need) {
    if (who == 0 || who == node.perms[0].second) return true;
    char has = node.perms[0].first;
    for (std::size_t i = node.perms.size(); i-- > 1;) has = node.perms[i].second == who ? node.perms[i].first : has;
    return need != 'o' && (has == 'b' || has == need);
  }
  bool failed(int who, const std::string& path, const std::string& needs) {
    std::string at = path;
    while (!nodes.contains(at)) at = up(at);
    const bool allowed = std::all_of(needs.begin(), needs.end(), [&](char need) { return may(who, nodes[at], need); });
    error_ = !allowed ? "!EACCES" : at != path ? "!ENOENT" : "";
    return !error_.empty();
  }
  std::string children(const std::string& path) {
    std::map<int, std::string> by_birth;
    for (const auto& [name, node] : nodes) {
      if (name != path && up(name) == path) by_birth[node.born] = z(name.substr(name.rfind('/') + 1));
    }
    std::string all;
    for (const auto& [born, name] : by_birth) all += name;
    return all;
  }
  static std::string words(const std::vector<std::pair<char, int>>& perms) {
    std::string all;
    for (const auto& [letter, who] : perms) all += z(letter + std::to_string(who));
    return all;
  }
  void tell(const std::string& path, const Node* before, bool exact) {
    for (int watcher : {1, 2}) {
      const bool concerned = exact ? path == kWatched : inside(path, kWatched);
      const auto now = nodes.find(path);
      const bool was_readable = before != nullptr && may(watcher, *before, 'r');
      const bool readable = was_readable || (now != nodes.end() && may(watcher, now->second, 'r'));
      if (concerned && readable) events[watcher] = path;
    }
  }
  std::string create(int who, const std::string& path, const std::string& value) {
    std::vector<std::string> missing;
    std::string at = path;
    for (; !nodes.contains(at); at = up(at)) missing.push_back(at);
    auto perms = nodes[at].perms;
    if (who != 0) perms[0].second = who;
    if (who != 0 && owned(who) + missing.size() > node_quota_) return "!ENOSPC";
    for (std::size_t i = missing.size(); i-- > 0;) nodes[missing[i]] = {i == 0 ? value : "", perms, ++births_};
    tell(path, nullptr, false);
    return kOk;
  }
  std::string write(int who, const std::string& path, const std::string& value) {
    if (failed(who, path, "w")) return error_ == "!ENOENT" ? create(who, path, value) : error_;
    nodes[path].value = value;
    tell(path, nullptr, false);
    return kOk;
  }
  std::string mkdir(int who, const std::string& path) {
    if (failed(who, path, "w")) return error_ == "!ENOENT" ? create(who, path, "") : error_;
    return kOk;
  }
  std::string rm(int who, const std::string& path) {
    if (failed(who, path, "w")) return error_ == "!ENOENT" && nodes.contains(up(path)) ? kOk : error_;
    std::map<std::string, Node> gone;
    for (const auto& [name, node] : nodes) {
      if (inside(name, path)) gone[name] = node;
    }
    for (const auto& [name, node] : gone) nodes.erase(name);
    for (const auto& [name, node] : gone) tell(name, &node, name != path);
    return kOk;
  }
  std::string set_perms(int who, const std::string& path, const std::string& rest) {
    std::vector<std::pair<char, int>> perms;
    for (const auto word : split_strings(rest)) perms.emplace_back(word[0], word[1] - '0');
    if (failed(who, path, "wo")) return error_;
    if (who != 0 && perms[0].second != nodes[path].perms[0].second) return "!EACCES";
    if (who != 0 && perms.size() > 5) return "!ENOSPC";
    const auto is_unknown = [](const auto& entry) { return entry.second > 2; };
    if (who != 0) perms.erase(std::remove_if(perms.begin() + 1, perms.end(), is_unknown), perms.end());
    const Node before = nodes[path];
    nodes[path].perms = perms;
    tell(path, &before, false);
    return kOk;
  }

  std::size_t node_quota_;
  std::string error_;
  int births_ = 1;
};

class RandomOps {
 public:
  explicit RandomOps(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t limit) { return random_() % limit; }
  Op next() {
    constexpr std::uint32_t kTypes[] = {PV_XS_READ,  PV_XS_DIRECTORY, PV_XS_GET_PERMS, PV_XS_WRITE,    PV_XS_WRITE,
                                        PV_XS_WRITE, PV_XS_MKDIR,     PV_XS_RM,        PV_XS_SET_PERMS};
    Op op{kTypes[below(std::size(kTypes))], "/s", ""};
    for (std::size_t depth = 1 + below(4); depth > 0; --depth) op.path += std::string("/") + "abc"[below(3)];
    if (op.type == PV_XS_WRITE) op.rest = std::to_string(below(1000));
    if (op.type == PV_XS_SET_PERMS) {
      for (std::size_t words = 1 + below(6); words > 0; --words) {
        op.rest += z(std::string(1, "nrwb"[below(4)]) + "0123"[below(4)]);
      }
    }
    return op;
  }

 private:
  std::mt19937 random_;
};

struct Rig {
  static StoreQuotas with_nodes(std::size_t nodes) {
    StoreQuotas quotas;
    quotas.nodes = nodes;
    return quotas;
  }
  explicit Rig(std::size_t node_quota) : store(with_nodes(node_quota)), model(node_quota) {
    for (std::uint16_t n : {std::uint16_t{1}, std::uint16_t{2}}) store.introduce_domain(DomainId{n});
    store.mkdir("/s");
    store.set_permissions("/s", {{kMonitorDomain, kRightBoth}});
    for (std::uint16_t n : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{2}}) {
      clients.push_back(std::make_unique<XenstoreTestClient>(store, n));
      if (n != 0) clients.back()->watch(kWatched, "w");
      clients.back()->take_events();
    }
  }
  std::string ask(int who, const Op& op, std::uint32_t tx = 0) {
    return clients[static_cast<std::size_t>(who)]->ask(op.type, z(op.path) + op.rest, tx);
  }
  /// Both sides do it; true if they agree in reply and events.
  bool both(int who, const Op& op) {
    const bool same = ask(who, op) == model.apply(who, op);
    return events_agree() && same;
  }
  bool events_agree() {
    bool agree = true;
    for (int watcher : {1, 2}) {
      std::vector<std::string> expected;
      if (model.events.contains(watcher)) expected.push_back(model.events[watcher] + " w");
      agree = clients[static_cast<std::size_t>(watcher)]->take_events() == expected && agree;
    }
    return agree;
  }
  bool counts_agree() const {
    bool agree = store.tree().is_consistent() && store.tree().size() == model.nodes.size();
    for (std::uint16_t n = 0; n < 3; ++n) {
      agree = agree && store.nodes_of(DomainId{n}) == static_cast<std::int64_t>(model.owned(n));
    }
    return agree;
  }
  Store store;
  std::vector<std::unique_ptr<XenstoreTestClient>> clients;
  Model model;
};

}  // namespace

TEST_CASE("random operations of three domains agree with the reference model") {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    Rig rig(kTightQuota);
    RandomOps ops(seed);
    for (int i = 0; i < 6000; ++i) {
      const int who = static_cast<int>(ops.below(3));
      const Op op = ops.next();
      CAPTURE(i);
      CAPTURE(who);
      CAPTURE(op.type);
      CAPTURE(op.path);
      REQUIRE(rig.both(who, op));
      if (i % 100 == 0) REQUIRE(rig.counts_agree());
    }
    CHECK(rig.counts_agree());
  }
}

TEST_CASE("a committed transaction equals its requests made at once at the commit") {
  std::map<std::string, int> outcomes;
  for (unsigned seed = 100; seed < 110; ++seed) {
    CAPTURE(seed);
    Rig rig(kAmpleQuota);
    RandomOps ops(seed);
    for (int round = 0; round < 150; ++round) {
      CAPTURE(round);
      const std::uint32_t tx = rig.clients[1]->begin();
      std::vector<std::pair<Op, std::string>> done;
      bool disturbed = false;
      for (std::size_t left = 1 + ops.below(8); left > 0; --left) {
        if (ops.below(6) == 0) {
          const Op other = ops.next();
          const auto before = rig.model.nodes.size();
          REQUIRE(rig.both(ops.below(2) == 0 ? 0 : 2, other));
          disturbed = disturbed || other.type >= PV_XS_WRITE || before != rig.model.nodes.size();
        }
        const Op op = ops.next();
        done.emplace_back(op, rig.ask(1, op, tx));
      }
      const std::string result = rig.clients[1]->commit(tx);
      ++outcomes[result];
      if (result == kOk) {
        for (const auto& step : done) {
          CAPTURE(step.first.type);
          CAPTURE(step.first.path);
          CAPTURE(step.first.rest);
          REQUIRE(rig.model.apply(1, step.first) == step.second);
        }
      } else {
        REQUIRE(result == "!EAGAIN");
        REQUIRE(disturbed);  // no conflict without a cause
      }
      for (auto& client : rig.clients) client->take_events();
      REQUIRE(rig.counts_agree());
      for (const std::string path : {"/s", "/s/a", "/s/b", "/s/a/b", "/s/c"}) {
        REQUIRE(rig.both(0, {PV_XS_READ, path, ""}));
        REQUIRE(rig.both(0, {PV_XS_DIRECTORY, path, ""}));
      }
    }
  }
  CHECK(outcomes[kOk] > 100);
  CHECK(outcomes["!EAGAIN"] > 20);
}

TEST_CASE("random requests inside and outside of many open transactions never upset the store") {
  for (unsigned seed = 200; seed < 210; ++seed) {
    CAPTURE(seed);
    Rig rig(kTightQuota);
    RandomOps ops(seed);
    std::vector<std::uint32_t> open[3];
    for (int i = 0; i < 3000; ++i) {
      const std::size_t who = ops.below(3);
      auto& mine = open[who];
      const std::size_t choice = ops.below(20);
      if (choice == 0 && mine.size() < 10) {
        mine.push_back(rig.clients[who]->begin());
      } else if (choice == 1 && !mine.empty()) {
        const bool keep = ops.below(4) != 0;
        const std::string reply = keep ? rig.clients[who]->commit(mine.back()) : rig.clients[who]->abort(mine.back());
        REQUIRE((reply == kOk || reply == "!EAGAIN" || reply == "!ENOSPC"));
        mine.pop_back();
      } else if (choice == 2 && ops.below(10) == 0) {
        const DomainId domain{static_cast<std::uint16_t>(1 + ops.below(2))};
        rig.clients[domain.value()]->connection.break_off();
        rig.store.release_domain(domain);
        rig.store.introduce_domain(domain);
        rig.clients[domain.value()]->connection.reset();
        open[domain.value()].clear();
        REQUIRE(rig.store.nodes_of(domain) == 0);
      } else {
        const std::uint32_t tx = mine.empty() || ops.below(3) == 0 ? 0 : mine[ops.below(mine.size())];
        const std::string reply = rig.ask(static_cast<int>(who), ops.next(), tx);
        REQUIRE_FALSE(reply.starts_with('('));
      }
      for (auto& client : rig.clients) client->take_events();
      if (i % 20 == 0) REQUIRE(rig.store.tree().is_consistent());
    }
    CHECK(rig.store.tree().is_consistent());
  }
}
