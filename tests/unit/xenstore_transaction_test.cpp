// SPDX-License-Identifier: MIT
// Transactions: isolation, conflicts, abort, exact accounting, limits, and the events of a commit.
#include <doctest/doctest.h>

#include <memory>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

const StorePath kData = StorePath::parse("/local/domain/1/data").value();

struct Guest1 {
  StoreWithGuests world;
  Store& store = world.store;
  XenstoreClient guest{world.store, 1};
  XenstoreClient other{world.store, 1};  // same rights, another stream: stands for a second actor
};

}  // namespace

TEST_CASE("changes inside a transaction are seen inside and nowhere else until the commit") {
  Guest1 t;
  const auto tx = t.guest.begin();
  CHECK(t.guest.write("data/x", "new", tx) == kOk);
  CHECK(t.guest.read("data/x", tx) == "new");
  CHECK(t.guest.directory("data", tx) == z("x"));
  CHECK(t.guest.read("data/x") == "!ENOENT");
  CHECK(t.other.directory("data") == "");
  CHECK(t.guest.commit(tx) == kOk);
  CHECK(t.other.read("data/x") == "new");
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("an aborted transaction leaves no trace") {
  Guest1 t;
  t.guest.write("data/x", "old");
  const auto tx = t.guest.begin();
  t.guest.write("data/x", "new", tx);
  t.guest.write("data/a/b", "", tx);
  t.guest.rm("data/x", tx);
  CHECK(t.guest.abort(tx) == kOk);
  CHECK(t.guest.read("data/x") == "old");
  CHECK(t.guest.directory("data") == z("x"));
  CHECK(t.store.nodes_of(DomainId{1}) == 2);
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("a commit fails when something read was changed meanwhile") {
  Guest1 t;
  t.guest.write("data/x", "1");
  const auto tx = t.guest.begin();
  CHECK(t.guest.read("data/x", tx) == "1");
  CHECK(t.guest.write("data/y", "from tx", tx) == kOk);
  t.other.write("data/x", "2");
  CHECK(t.guest.read("data/x", tx) == "1");  // as it was first seen
  CHECK(t.guest.commit(tx) == "!EAGAIN");
  CHECK(t.guest.read("data/y") == "!ENOENT");
  CHECK(t.guest.commit(tx) == "!ENOENT");  // used up
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("a commit fails when something missing has appeared") {
  Guest1 t;
  const auto tx = t.guest.begin();
  CHECK(t.guest.read("data/x", tx) == "!ENOENT");
  t.other.write("data/x", "2");
  CHECK(t.guest.commit(tx) == "!EAGAIN");
}

TEST_CASE("a commit fails when something read was removed or had its permissions changed") {
  Guest1 t;
  t.guest.write("data/x", "1");
  t.guest.write("data/y", "1");
  const auto first = t.guest.begin();
  const auto second = t.guest.begin();
  t.guest.read("data/x", first);
  t.guest.read("data/y", second);
  t.other.rm("data/x");
  t.store.set_permissions("/local/domain/1/data/y", {{DomainId{1}, kRightRead}});
  CHECK(t.guest.commit(first) == "!EAGAIN");
  CHECK(t.guest.commit(second) == "!EAGAIN");
}

TEST_CASE("transactions that touch different nodes do not disturb each other") {
  Guest1 t;
  t.guest.write("data/x", "");
  t.guest.write("data/y", "");
  const auto first = t.guest.begin();
  const auto second = t.other.begin();
  t.guest.write("data/x", "1", first);
  t.other.write("data/y", "2", second);
  CHECK(t.guest.commit(first) == kOk);
  CHECK(t.other.commit(second) == kOk);
  CHECK(t.guest.read("data/x") == "1");
  CHECK(t.guest.read("data/y") == "2");
}

TEST_CASE("of two transactions that write the same node the second commit fails") {
  Guest1 t;
  t.guest.write("data/x", "");
  const auto first = t.guest.begin();
  const auto second = t.guest.begin();
  t.guest.write("data/x", "1", first);
  t.guest.write("data/x", "2", second);
  CHECK(t.guest.commit(second) == kOk);
  CHECK(t.guest.commit(first) == "!EAGAIN");
  CHECK(t.guest.read("data/x") == "2");
}

TEST_CASE("a transaction whose picture of the tree has become impossible is served on and fails at its commit") {
  Guest1 t;
  t.guest.write("data/a/b/c", "");
  const auto lost_parent = t.guest.begin();
  const auto lost_child = t.guest.begin();
  const auto unlisted = t.guest.begin();
  t.guest.read("data/a/b", lost_parent);
  t.guest.directory("data/a/b", lost_child);
  t.guest.read("data/a/b/c", unlisted);
  t.other.rm("data/a/b/c");
  CHECK(t.guest.directory("data/a/b", unlisted) == "");
  CHECK(t.guest.rm("data/a/b/c", unlisted) == kOk);
  CHECK(t.guest.rm("data/a/b", lost_child) == kOk);
  t.other.rm("data/a");
  CHECK(t.guest.rm("data/a/b", lost_parent) == kOk);
  for (const auto tx : {lost_parent, lost_child, unlisted}) CHECK(t.guest.commit(tx) == "!EAGAIN");
  CHECK(t.store.nodes_of(DomainId{1}) == 1);
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("the monitor's writes go through at once whatever transactions are open") {
  Guest1 t;
  t.guest.write("data/x", "");
  const auto tx = t.guest.begin();
  for (int i = 0; i < 100; ++i) t.guest.write("data/x", std::to_string(i), tx);
  CHECK(t.store.write("/local/domain/1/data/x", "monitor") == StoreStatus::Ok);
  CHECK(t.store.read("/local/domain/1/data/x") == "monitor");
  CHECK(t.guest.commit(tx) == "!EAGAIN");
}

TEST_CASE("a node made and removed in one transaction leaves nothing, and nobody is told") {
  Guest1 t;
  t.guest.watch("data", "w");
  t.guest.take_events();
  const auto tx = t.guest.begin();
  t.guest.write("data/x/y", "", tx);
  t.guest.rm("data/x", tx);
  CHECK(t.guest.commit(tx) == kOk);
  CHECK(t.guest.take_events().empty());
  CHECK(t.store.nodes_of(DomainId{1}) == 1);
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("a node removed and made again in one transaction is there once") {
  Guest1 t;
  t.guest.write("data/x/y", "old");
  const auto tx = t.guest.begin();
  t.guest.rm("data/x", tx);
  t.guest.write("data/x", "new", tx);
  CHECK(t.guest.commit(tx) == kOk);
  CHECK(t.guest.directory("data") == z("x"));
  CHECK(t.guest.directory("data/x") == "");
  CHECK(t.store.nodes_of(DomainId{1}) == 2);
  CHECK(t.store.tree().is_consistent());
}

TEST_CASE("an error inside a transaction does not spoil the rest of it") {
  Guest1 t;
  const auto tx = t.guest.begin();
  CHECK(t.guest.write("/local/domain/2/data/x", "", tx) == "!EACCES");
  CHECK(t.guest.write("data/x", "1", tx) == kOk);
  CHECK(t.guest.commit(tx) == kOk);
  CHECK(t.guest.read("data/x") == "1");
}

TEST_CASE("events of a transaction come at the commit, in order, before its reply") {
  Guest1 t;
  t.guest.write("data/gone/below", "");
  t.guest.watch("data", "w");
  t.guest.take_events();
  const auto tx = t.guest.begin();
  t.guest.write("data/b", "1", tx);
  t.guest.write("data/a", "1", tx);
  t.guest.write("data/b", "2", tx);
  t.guest.rm("data/gone", tx);
  CHECK(t.guest.take_events().empty());
  t.guest.log.clear();
  CHECK(t.guest.commit(tx) == kOk);
  CHECK(t.guest.log == std::vector<std::string>{"event", "event", "event", "reply"});
  CHECK(t.guest.take_events() == std::vector<std::string>{"data/b w", "data/a w", "data/gone w"});
}

TEST_CASE("a conflict or an abort sends no event") {
  Guest1 t;
  t.guest.write("data/x", "");
  t.guest.watch("data", "w");
  const auto first = t.guest.begin();
  const auto second = t.guest.begin();
  t.guest.write("data/x", "1", first);
  t.guest.write("data/y", "1", second);
  t.store.write("/local/domain/1/data/x", "2");
  t.guest.take_events();
  CHECK(t.guest.commit(first) == "!EAGAIN");
  CHECK(t.guest.abort(second) == kOk);
  CHECK(t.guest.take_events().empty());
}

TEST_CASE("ten transactions may be open and the eleventh is refused") {
  Guest1 t;
  std::vector<std::uint32_t> open;
  for (int i = 0; i < 10; ++i) open.push_back(t.guest.begin());
  CHECK(std::count(open.begin(), open.end(), 0u) == 0);
  CHECK(t.guest.ask(PV_XS_TRANSACTION_START, z("")) == "!ENOSPC");
  CHECK(t.guest.abort(open.front()) == kOk);
  CHECK(t.guest.begin() != 0);
}

TEST_CASE("a transaction may look at 1024 nodes and the next one is refused") {
  StoreQuotas quotas;
  quotas.nodes = 3000;
  StoreWithGuests world(quotas);
  XenstoreClient guest(world.store, 1);
  for (int i = 0; i < 1025; ++i) guest.write("data/n" + std::to_string(i), "");
  const auto tx = guest.begin();
  for (int i = 0; i < 1024; ++i) REQUIRE(guest.read("data/n" + std::to_string(i), tx) == "");
  CHECK(guest.read("data/n1024", tx) == "!ENOSPC");
  CHECK(guest.write("data/n1024", "x", tx) == "!ENOSPC");
  CHECK(guest.read("data/n0", tx) == "");
  CHECK(guest.write("data/n0", "x", tx) == kOk);
  CHECK(guest.rm("data", tx) == "!ENOSPC");  // the whole subtree does not fit, so nothing goes
  CHECK(guest.commit(tx) == kOk);
  CHECK(guest.read("data/n0") == "x");
  CHECK(world.store.nodes_of(DomainId{1}) == 1026);
  CHECK(world.store.tree().is_consistent());
}

TEST_CASE("the node quota holds inside a transaction and again at the commit") {
  StoreQuotas quotas;
  quotas.nodes = 10;
  StoreWithGuests world(quotas);
  XenstoreClient guest(world.store, 1);
  guest.mkdir("data/a");
  guest.mkdir("data/b");  // three nodes now
  const auto first = guest.begin();
  const auto second = guest.begin();
  for (int i = 0; i < 7; ++i) REQUIRE(guest.write("data/a/" + std::to_string(i), "", first) == kOk);
  CHECK(guest.write("data/a/7", "", first) == "!ENOSPC");
  CHECK(guest.write("data/b/0", "", second) == kOk);
  CHECK(guest.commit(first) == kOk);
  CHECK(world.store.nodes_of(DomainId{1}) == 10);
  CHECK(guest.commit(second) == "!ENOSPC");
  CHECK(world.store.nodes_of(DomainId{1}) == 10);
  CHECK(world.store.tree().is_consistent());
}

TEST_CASE("open transactions end with their connection and with the domain") {
  StoreWithGuests world;
  {
    XenstoreClient guest(world.store, 1);
    for (int i = 0; i < 10; ++i) guest.write("data/t" + std::to_string(i), "", guest.begin());
    CHECK(guest.connection.open_transactions() == 10);
    world.store.release_domain(DomainId{1});
    guest.ask(PV_XS_READ, z("data"));  // comes too late
    CHECK(guest.connection.is_broken());
    CHECK(guest.connection.open_transactions() == 0);
  }
  CHECK(world.store.nodes_of(DomainId{1}) == 0);
  CHECK(world.store.tree().is_consistent());
}

TEST_CASE("a permission set inside a transaction for a domain that ended before the commit is not kept") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.write("data/x", "secret");
  const auto tx = guest.begin();
  CHECK(guest.ask(PV_XS_SET_PERMS, z("data/x") + z("n1") + z("r2"), tx) == kOk);
  world.store.release_domain(DomainId{2});
  CHECK(guest.commit(tx) == kOk);
  CHECK(guest.ask(PV_XS_GET_PERMS, z("data/x")) == z("n1"));
}

TEST_CASE("a domain that ends while another's transaction has seen its nodes makes that commit fail") {
  StoreWithGuests world;
  world.store.set_permissions("/local/domain/1/data", {{DomainId{1}, kRightNone}, {DomainId{2}, kRightBoth}});
  XenstoreClient guest(world.store, 2);
  const auto tx = guest.begin();
  CHECK(guest.write("/local/domain/1/data/from2", "", tx) == kOk);
  world.store.release_domain(DomainId{1});
  CHECK(guest.commit(tx) == "!EAGAIN");
  CHECK(world.store.nodes_of(DomainId{2}) == 1);
  CHECK(world.store.tree().is_consistent());
}
