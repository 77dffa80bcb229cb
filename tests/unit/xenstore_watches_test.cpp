// SPDX-License-Identifier: MIT
// Watches: what fires, for whom and under which name; refusals; the monitor's callbacks; bounded queues.
#include <doctest/doctest.h>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

using Events = std::vector<std::string>;

TEST_CASE("a watch fires once when it is set, after the reply, even if there is no such node") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  CHECK(guest.watch("data/nothing", "tok") == kOk);
  CHECK(guest.log == Events{"reply", "event"});
  CHECK(guest.take_events() == Events{"data/nothing tok"});
}

TEST_CASE("a watch fires for its node and everything below, and for nothing beside it") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.watch("/local/domain/1/data/a", "t");
  guest.take_events();
  guest.write("data/a", "1");
  guest.write("data/a/b/c", "1");
  guest.mkdir("data/a/d");
  guest.mkdir("data/a/d");  // there already: no change
  guest.write("data/ab", "1");
  guest.write("data", "1");
  guest.read("data/a");
  CHECK(guest.take_events() ==
        Events{"/local/domain/1/data/a t", "/local/domain/1/data/a/b/c t", "/local/domain/1/data/a/d t"});
}

TEST_CASE("a relative watch gives relative paths and an absolute one absolute paths") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.watch("data", "rel");
  guest.watch("/local/domain/1/data", "abs");
  guest.take_events();
  guest.write("data/x", "");
  CHECK(guest.take_events() == Events{"data/x rel", "/local/domain/1/data/x abs"});
}

TEST_CASE("events come before the reply to the request that caused them") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.watch("data", "t");
  guest.log.clear();
  guest.write("data/x", "");
  CHECK(guest.log == Events{"event", "reply"});
}

TEST_CASE("a removal fires watches above, on, and below the removed node") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.write("data/a/b/c", "");
  guest.watch("data", "above");
  guest.watch("data/a", "on");
  guest.watch("data/a/b/c", "below");
  guest.watch("data/a/b/none", "missing");
  guest.take_events();
  guest.rm("data/a");
  CHECK(guest.take_events() == Events{"data/a above", "data/a on", "data/a/b/c below"});
  guest.rm("data/a");  // gone already
  CHECK(guest.take_events().empty());
}

TEST_CASE("a change of permissions fires, for whoever could read before or can now") {
  StoreWithGuests world;
  XenstoreClient one(world.store, 1);
  XenstoreClient two(world.store, 2);
  one.write("data/x", "");
  two.watch("/local/domain/1/data/x", "t");
  two.take_events();
  one.ask(PV_XS_SET_PERMS, z("data/x") + z("n1") + z("r2"));
  CHECK(two.take_events() == Events{"/local/domain/1/data/x t"});
  one.write("data/x", "1");
  CHECK(two.take_events() == Events{"/local/domain/1/data/x t"});
  one.ask(PV_XS_SET_PERMS, z("data/x") + z("n1"));
  CHECK(two.take_events() == Events{"/local/domain/1/data/x t"});
  one.write("data/x", "2");
  CHECK(two.take_events().empty());
}

TEST_CASE("a watch on the root or on another guest's node tells nothing of unreadable nodes") {
  StoreWithGuests world;
  XenstoreClient one(world.store, 1);
  XenstoreClient two(world.store, 2);
  two.watch("/", "root");
  two.watch("/local/domain/1", "home1");
  two.take_events();
  one.write("data/x", "secret");
  one.rm("data/x");
  world.store.write("/local/domain/0/backend/x", "");
  CHECK(two.take_events().empty());
  two.write("data/mine", "");
  CHECK(two.take_events() == Events{"/local/domain/2/data/mine root"});
}

TEST_CASE("special watches are refused to guests and work for the monitor") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  CHECK(guest.watch("@introduceDomain", "t") == "!EACCES");
  CHECK(guest.watch("@releaseDomain", "t") == "!EACCES");
  CHECK(guest.watch("@other", "t") == "!EINVAL");

  Events seen;
  const auto note = [&](const std::string& path) { seen.push_back(path); };
  CHECK(world.store.watch(kIntroduceWatch, note) != 0);
  CHECK(world.store.watch(kReleaseWatch, note) != 0);
  world.store.deliver_events(10);
  seen.clear();
  world.store.introduce_domain(DomainId{9});
  world.store.introduce_domain(DomainId{9});  // no news
  world.store.release_domain(DomainId{9});
  world.store.release_domain(DomainId{9});
  world.store.deliver_events(10);
  CHECK(seen == Events{"@introduceDomain", "@releaseDomain"});
}

TEST_CASE("the same watch twice is refused, another token is not") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  CHECK(guest.watch("data", "t") == kOk);
  CHECK(guest.watch("data", "t") == "!EEXIST");
  CHECK(guest.watch("data", "u") == kOk);
}

TEST_CASE("128 watches are allowed, the next is refused, and ending one makes room") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  for (int i = 0; i < 128; ++i) REQUIRE(guest.watch("data", std::to_string(i)) == kOk);
  CHECK(guest.watch("data", "128") == "!E2BIG");
  CHECK(guest.unwatch("data", "5") == kOk);
  CHECK(guest.watch("data", "128") == kOk);
}

TEST_CASE("an ended watch is silent, and ending it again is an error") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.watch("data", "t");
  CHECK(guest.unwatch("data", "other") == "!ENOENT");
  CHECK(guest.unwatch("data", "t") == kOk);
  guest.take_events();
  guest.write("data/x", "");
  CHECK(guest.take_events().empty());
  CHECK(guest.unwatch("data", "t") == "!ENOENT");
  CHECK(guest.unwatch("//", "t") == "!ENOENT");
}

TEST_CASE("an event too long for a message is left out") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  const std::string token(4000, 't');
  CHECK(guest.watch("data", token) == kOk);
  CHECK(guest.take_events().size() == 1);
  CHECK(guest.write("data/" + std::string(100, 'x'), "") == kOk);
  CHECK(guest.take_events().empty());
  CHECK(guest.write("data/x", "") == kOk);
  CHECK(guest.take_events().size() == 1);
}

TEST_CASE("events that nobody takes are merged and stay bounded") {
  StoreQuotas quotas;
  quotas.pending_events = 10;
  StoreWithGuests world(quotas);
  XenstoreClient guest(world.store, 1);
  guest.watch("data", "t");
  guest.take_events();
  for (int i = 0; i < 50; ++i) world.store.write("/local/domain/1/data/same", std::to_string(i));
  CHECK(guest.take_events() == Events{"data/same t"});
  for (int i = 0; i < 500; ++i) world.store.write("/local/domain/1/data/" + std::to_string(i), "");
  const Events events = guest.take_events();
  CHECK(events.size() == 11);
  CHECK(events.back() == "data t");  // look at all of it again
  CHECK(guest.connection.output_bytes() == 0);
}

TEST_CASE("a change after a part of its event was taken gives another event") {
  StoreWithGuests world;
  XenstoreClient guest(world.store, 1);
  guest.watch("data", "t");
  guest.take_events();
  world.store.write("/local/domain/1/data/x", "1");
  const std::size_t one = guest.connection.output_bytes();
  guest.connection.consume_output(1);
  world.store.write("/local/domain/1/data/x", "2");
  CHECK(guest.connection.output_bytes() == 2 * one - 1);
}

TEST_CASE("callbacks of the monitor run in deliver_events, within its budget, and never inside an operation") {
  Store store;
  Events seen;
  const WatchId id = store.watch("/a", [&](const std::string& path) { seen.push_back(path); });
  CHECK(id != 0);
  store.write("/a/1", "");
  store.write("/a/2", "");
  store.write("/a/2", "again");
  store.write("/b", "");
  CHECK(seen.empty());
  CHECK(store.deliver_events(2) == 2);
  CHECK(seen == Events{"/a", "/a/1"});
  CHECK(store.has_events());
  CHECK(store.deliver_events(100) == 1);
  CHECK(seen.back() == "/a/2");
  CHECK_FALSE(store.has_events());
}

TEST_CASE("a callback may write, watch, and end its own watch") {
  Store store;
  int calls = 0;
  WatchId id = 0;
  id = store.watch("/a", [&](const std::string&) {
    if (++calls < 3) store.write("/a", std::to_string(calls));
    if (calls == 3) {
      store.write("/a", "last");
      store.unwatch(id);
      CHECK(store.watch("/other", [&](const std::string&) { calls += 100; }) != 0);
    }
  });
  CHECK(store.deliver_events(1) == 1);
  CHECK(calls == 1);
  store.deliver_events(100);
  CHECK(calls == 103);
}

TEST_CASE("an ended watch of the monitor gets no event that was under way") {
  Store store;
  int calls = 0;
  const WatchId id = store.watch("/a", [&](const std::string&) { ++calls; });
  store.unwatch(id);
  store.deliver_events(10);
  CHECK(calls == 0);
}

TEST_CASE("the notifier says when there is something to deliver") {
  Store store;
  int notes = 0;
  store.set_event_notifier([&] { ++notes; });
  (void)store.watch("/a", [](const std::string&) {});
  store.write("/a", "");
  store.write("/a/b", "");
  CHECK(notes == 1);
  store.deliver_events(10);
  store.write("/a", "");
  CHECK(notes == 2);
}
