// SPDX-License-Identifier: MIT
// The store's operations, in-process and for guests: results, refusals, quotas, the end of a domain, deep trees.
#include <doctest/doctest.h>

#include <string>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

const StoreCaller kGuest1{DomainId{1}, nullptr};
const StoreCaller kGuest2{DomainId{2}, nullptr};

StorePath path(std::string_view text) { return StorePath::parse(text).value(); }
StorePath own(std::string_view below) { return path("/local/domain/1/data" + std::string(below)); }

}  // namespace

TEST_CASE("what is written is read back byte for byte") {
  Store store;
  const std::string value("a\0\xff\n", 4);
  CHECK(store.write("/a/b/c", value) == StoreStatus::Ok);
  CHECK(store.read("/a/b/c") == value);
  CHECK(store.write("/a/b/c", "") == StoreStatus::Ok);
  CHECK(store.read("/a/b/c") == "");
}

TEST_CASE("writing makes the missing nodes above, with empty values") {
  Store store;
  store.write("/a/b/c", "x");
  CHECK(store.read("/a") == "");
  CHECK(store.read("/a/b") == "");
  CHECK(store.tree().size() == 4);
  CHECK(store.tree().is_consistent());
}

TEST_CASE("children are listed in the order of their creation") {
  Store store;
  for (const char* name : {"/d/51728", "/d/51712", "/d/768"}) store.mkdir(name);
  CHECK(store.list("/d") == std::vector<std::string>{"51728", "51712", "768"});
  store.remove("/d/51712");
  CHECK(store.list("/d") == std::vector<std::string>{"51728", "768"});
  CHECK(store.list("/nothing").empty());
}

TEST_CASE("mkdir leaves an existing node as it is") {
  Store store;
  store.write("/a", "x");
  CHECK(store.mkdir("/a") == StoreStatus::Ok);
  CHECK(store.read("/a") == "x");
}

TEST_CASE("a malformed path is refused to the monitor too") {
  Store store;
  CHECK(store.write("/a//b", "x") == StoreStatus::Invalid);
  CHECK(store.mkdir("") == StoreStatus::Invalid);
  CHECK(store.remove("/a/") == StoreStatus::Invalid);
  CHECK(store.set_permissions("/a b", {{DomainId{0}, kRightNone}}) == StoreStatus::Invalid);
  CHECK_FALSE(store.read("..").has_value());
  CHECK_FALSE(store.exists("@x"));
  CHECK(store.watch("//", [](const std::string&) {}) == 0);
}

TEST_CASE("remove takes the whole subtree") {
  Store store;
  store.write("/a/b/c", "x");
  store.write("/a/b/d", "y");
  CHECK(store.remove("/a/b") == StoreStatus::Ok);
  CHECK_FALSE(store.exists("/a/b/c"));
  CHECK(store.exists("/a"));
  CHECK(store.tree().is_consistent());
}

TEST_CASE("removing what is missing succeeds only below a node that exists") {
  Store store;
  store.mkdir("/a");
  CHECK(store.remove("/a/x") == StoreStatus::Ok);
  CHECK(store.remove("/a/x/y") == StoreStatus::Missing);
  CHECK(store.remove("/") == StoreStatus::Invalid);
}

TEST_CASE("a guest owns what it makes, and others see what the parent's list lets them") {
  StoreWithGuests world;
  Store& store = world.store;
  store.set_permissions("/local/domain/1/data", {{DomainId{1}, kRightNone}, {DomainId{2}, kRightRead}});
  CHECK(store.write(kGuest1, own("/x"), "1") == StoreStatus::Ok);
  const auto permissions = store.get_permissions(kGuest1, own("/x"));
  CHECK(permissions.value == NodePermissions{{DomainId{1}, kRightNone}, {DomainId{2}, kRightRead}});
  CHECK(store.read(kGuest2, own("/x")).value == "1");
  CHECK(store.write(kGuest2, own("/x"), "2") == StoreStatus::Denied);
}

TEST_CASE("what the monitor makes belongs to the owner of the node above") {
  StoreWithGuests world;
  world.store.write("/local/domain/1/data/from-monitor", "x");
  CHECK(world.store.nodes_of(DomainId{1}) == 2);
  CHECK(world.store.write(kGuest1, own("/from-monitor"), "y") == StoreStatus::Ok);
}

TEST_CASE("a guest is refused everything on the root and on another guest's nodes") {
  StoreWithGuests world;
  Store& store = world.store;
  for (const StorePath& target :
       {StorePath::root(), path("/local"), path("/local/domain/2/data"), path("/local/domain/2/data/new")}) {
    CAPTURE(target.text());
    CHECK(store.read(kGuest1, target).status == StoreStatus::Denied);
    CHECK(store.write(kGuest1, target, "x") == StoreStatus::Denied);
    CHECK(store.mkdir(kGuest1, target) == StoreStatus::Denied);
    CHECK(store.remove(kGuest1, target) == StoreStatus::Denied);
    CHECK(store.directory(kGuest1, target).status == StoreStatus::Denied);
    CHECK(store.get_permissions(kGuest1, target).status == StoreStatus::Denied);
    CHECK(store.exists(kGuest1, target) == StoreStatus::Denied);
    CHECK(store.set_permissions(kGuest1, target, {{DomainId{1}, kRightNone}}) == StoreStatus::Denied);
  }
  CHECK(store.tree().is_consistent());
}

TEST_CASE("a missing node is reported as missing only to whoever may look above it") {
  StoreWithGuests world;
  CHECK(world.store.read(kGuest1, own("/no/such")).status == StoreStatus::Missing);
  CHECK(world.store.read(kGuest1, path("/local/domain/1/no")).status == StoreStatus::Missing);
  CHECK(world.store.read(kGuest1, path("/local/domain/9/no")).status == StoreStatus::Denied);
  CHECK(world.store.write(kGuest1, path("/local/domain/1/no"), "x") == StoreStatus::Denied);  // readable home, not writable
}

TEST_CASE("read and write rights are told apart") {
  StoreWithGuests world;
  Store& store = world.store;
  store.write("/shared", "v");
  store.set_permissions("/shared", {{DomainId{0}, kRightNone}, {DomainId{1}, kRightWrite}, {DomainId{2}, kRightRead}});
  CHECK(store.read(kGuest1, path("/shared")).status == StoreStatus::Denied);
  CHECK(store.write(kGuest1, path("/shared"), "w") == StoreStatus::Ok);
  CHECK(store.read(kGuest2, path("/shared")).value == "w");
  CHECK(store.write(kGuest2, path("/shared"), "x") == StoreStatus::Denied);
}

TEST_CASE("only the owner sets permissions, and may not give the node away") {
  StoreWithGuests world;
  Store& store = world.store;
  REQUIRE(store.write(kGuest1, own("/x"), "") == StoreStatus::Ok);
  CHECK(store.set_permissions(kGuest1, own("/x"), {{DomainId{2}, kRightNone}}) == StoreStatus::Denied);
  CHECK(store.set_permissions(kGuest1, own("/x"), {{DomainId{0}, kRightNone}}) == StoreStatus::Denied);
  CHECK(store.nodes_of(DomainId{1}) == 2);
  CHECK(store.nodes_of(DomainId{2}) == 1);
  CHECK(store.set_permissions(kGuest1, own("/x"), {{DomainId{1}, kRightNone}, {DomainId{2}, kRightBoth}}) == StoreStatus::Ok);
  CHECK(store.set_permissions(kGuest2, own("/x"), {{DomainId{2}, kRightNone}}) == StoreStatus::Denied);  // write is not own
}

TEST_CASE("the monitor may give a node away, and the count moves with it") {
  StoreWithGuests world;
  world.store.write("/gift", "");
  const std::int64_t before = world.store.nodes_of(kMonitorDomain);
  CHECK(world.store.set_permissions("/gift", {{DomainId{2}, kRightNone}}) == StoreStatus::Ok);
  CHECK(world.store.nodes_of(DomainId{2}) == 2);
  CHECK(world.store.nodes_of(kMonitorDomain) == before - 1);
  CHECK(world.store.tree().is_consistent());
}

TEST_CASE("the thousand-and-first node of a guest is refused and nothing of it remains") {
  StoreWithGuests world;
  Store& store = world.store;
  for (int i = 0; i < 997; ++i) REQUIRE(store.write(kGuest1, own("/n" + std::to_string(i)), "") == StoreStatus::Ok);
  CHECK(store.nodes_of(DomainId{1}) == 998);
  CHECK(store.write(kGuest1, own("/a/b/c"), "") == StoreStatus::NoSpace);  // three more do not fit
  CHECK_FALSE(store.exists("/local/domain/1/data/a"));
  CHECK(store.nodes_of(DomainId{1}) == 998);
  CHECK(store.write(kGuest1, own("/a/b"), "") == StoreStatus::Ok);
  CHECK(store.nodes_of(DomainId{1}) == 1000);
  CHECK(store.mkdir(kGuest1, own("/c")) == StoreStatus::NoSpace);
  CHECK(store.write(kGuest1, own("/n0"), "still allowed") == StoreStatus::Ok);
  CHECK(store.write("/local/domain/1/data/by-monitor", "") == StoreStatus::Ok);  // domain 0 is never refused
  CHECK(store.remove(kGuest1, own("/a")) == StoreStatus::Ok);
  CHECK(store.mkdir(kGuest1, own("/c")) == StoreStatus::Ok);
  CHECK(store.tree().is_consistent());
}

TEST_CASE("a guest's value may have 2048 bytes and no more, the monitor's any") {
  StoreWithGuests world;
  Store& store = world.store;
  CHECK(store.write(kGuest1, own("/x"), std::string(2048, 'v')) == StoreStatus::Ok);
  CHECK(store.write(kGuest1, own("/x"), std::string(2049, 'v')) == StoreStatus::NoSpace);
  CHECK(store.write(kGuest1, own("/y"), std::string(2049, 'v')) == StoreStatus::NoSpace);
  CHECK_FALSE(store.exists("/local/domain/1/data/y"));
  CHECK(store.read(kGuest1, own("/x")).value.size() == 2048);
  CHECK(store.write("/big", std::string(5000, 'v')) == StoreStatus::Ok);
}

TEST_CASE("a guest's node may have five permission entries and no more") {
  StoreWithGuests world;
  const NodePermissions five{{DomainId{1}, kRightNone},
                             {DomainId{2}, kRightRead},
                             {DomainId{2}, kRightRead},
                             {DomainId{2}, kRightRead},
                             {DomainId{2}, kRightRead}};
  const NodePermissions six{{DomainId{1}, kRightNone}, {DomainId{2}, kRightRead}, {DomainId{2}, kRightRead},
                            {DomainId{2}, kRightRead}, {DomainId{2}, kRightRead}, {DomainId{2}, kRightRead}};
  CHECK(world.store.set_permissions(kGuest1, own(""), five) == StoreStatus::Ok);
  CHECK(world.store.set_permissions(kGuest1, own(""), six) == StoreStatus::NoSpace);
  CHECK(world.store.get_permissions(kGuest1, own("")).value == five);
}

TEST_CASE("a domain's end takes its home and every node it owns elsewhere") {
  StoreWithGuests world;
  Store& store = world.store;
  store.mkdir("/common");
  store.set_permissions("/common", {{DomainId{0}, kRightBoth}});
  for (int i = 0; i < 20; ++i) REQUIRE(store.write(kGuest1, path("/common/g1/" + std::to_string(i)), "") == StoreStatus::Ok);
  REQUIRE(store.write(kGuest2, path("/common/g2"), "stays") == StoreStatus::Ok);
  store.release_domain(DomainId{1});
  CHECK(store.nodes_of(DomainId{1}) == 0);
  CHECK_FALSE(store.exists("/local/domain/1"));
  CHECK(store.list("/common") == std::vector<std::string>{"g2"});
  CHECK_FALSE(store.is_introduced(DomainId{1}));
  CHECK(store.tree().is_consistent());
}

TEST_CASE("many domains one after the other leave the store as it was") {
  Store store;
  store.mkdir("/common");
  store.set_permissions("/common", {{DomainId{0}, kRightBoth}});
  const std::size_t before = store.tree().size();
  for (std::uint16_t n = 1; n <= 50; ++n) {
    store.introduce_domain(DomainId{n});
    const StoreCaller guest{DomainId{n}, nullptr};
    REQUIRE(store.write(guest, path("/common/d/" + std::to_string(n)), "") == StoreStatus::Ok);
    REQUIRE(store.set_permissions(guest, path("/common/d"), {{DomainId{n}, kRightBoth}}) == StoreStatus::Ok);
    store.release_domain(DomainId{n});
  }
  CHECK(store.tree().size() == before);
  CHECK(store.tree().is_consistent());
}

TEST_CASE("a permission given to a domain ends with that domain") {
  StoreWithGuests world;
  Store& store = world.store;
  REQUIRE(store.write(kGuest1, own("/secret"), "s") == StoreStatus::Ok);
  REQUIRE(store.set_permissions(kGuest1, own("/secret"), {{DomainId{1}, kRightNone}, {DomainId{2}, kRightRead}}) ==
          StoreStatus::Ok);
  CHECK(store.read(kGuest2, own("/secret")).ok());
  store.release_domain(DomainId{2});
  store.introduce_domain(DomainId{2});
  CHECK(store.read(kGuest2, own("/secret")).status == StoreStatus::Denied);
}

TEST_CASE("a guest cannot give a permission to a domain that does not exist yet") {
  StoreWithGuests world;
  Store& store = world.store;
  REQUIRE(store.write(kGuest1, own("/x"), "s") == StoreStatus::Ok);
  CHECK(store.set_permissions(kGuest1, own("/x"), {{DomainId{1}, kRightNone}, {DomainId{7}, kRightRead}}) == StoreStatus::Ok);
  store.introduce_domain(DomainId{7});
  CHECK(store.read({DomainId{7}, nullptr}, own("/x")).status == StoreStatus::Denied);
}

TEST_CASE("a tree a thousand nodes deep is built, walked, read and removed") {
  StoreWithGuests world;
  Store& store = world.store;
  std::string deep;
  for (int i = 0; i < 999; ++i) deep += "/d";
  CHECK(store.write(kGuest1, own(deep), "bottom") == StoreStatus::Ok);
  CHECK(store.nodes_of(DomainId{1}) == 1000);
  CHECK(store.read(kGuest1, own(deep)).value == "bottom");

  StorePath at = own("");
  std::size_t depth = 0;
  for (auto names = store.list(at.text()); !names.empty(); names = store.list(at.text())) {
    at = at.child(names.front());
    ++depth;
  }
  CHECK(depth == 999);
  CHECK(store.remove(kGuest1, own("/d")) == StoreStatus::Ok);
  CHECK(store.nodes_of(DomainId{1}) == 1);
  CHECK(store.tree().is_consistent());
}

TEST_CASE("a domain with a deep tree ends as well") {
  StoreWithGuests world;
  std::string deep;
  for (int i = 0; i < 999; ++i) deep += "/d";
  REQUIRE(world.store.write(kGuest1, own(deep), "") == StoreStatus::Ok);
  world.store.release_domain(DomainId{1});
  CHECK(world.store.nodes_of(DomainId{1}) == 0);
  CHECK(world.store.tree().is_consistent());
}
