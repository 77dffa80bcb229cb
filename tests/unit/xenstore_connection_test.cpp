// SPDX-License-Identifier: MIT
// The protocol as a guest sees it: replies, refusals, back-pressure, broken streams, starting over.
#include <doctest/doctest.h>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

struct OneGuest {
  StoreWithGuests world;
  Store& store = world.store;
  XenstoreClient guest{world.store, 1};
};

}  // namespace

TEST_CASE("replies have Xen's form") {
  OneGuest t;
  CHECK(t.guest.write("data/x", std::string("v\0w", 3)) == kOk);
  CHECK(t.guest.read("data/x") == std::string("v\0w", 3));  // no NUL of ours
  CHECK(t.guest.read("/local/domain/1/data/x") == std::string("v\0w", 3));
  CHECK(t.guest.mkdir("data/d") == kOk);
  CHECK(t.guest.directory("data") == z("x") + z("d"));
  CHECK(t.guest.directory("data/d") == "");
  CHECK(t.guest.ask(PV_XS_GET_PERMS, z("data/x")) == z("n1"));
  CHECK(t.guest.ask(PV_XS_SET_PERMS, z("data/x") + z("r1") + z("b2")) == kOk);
  CHECK(t.guest.ask(PV_XS_GET_PERMS, z("data/x")) == z("r1") + z("b2"));
  CHECK(t.guest.rm("data/x") == kOk);
  CHECK(t.guest.read("data/x") == "!ENOENT");
  CHECK(t.guest.ask(PV_XS_GET_DOMAIN_PATH, z("1")) == z("/local/domain/1"));
  CHECK(t.guest.ask(PV_XS_GET_DOMAIN_PATH, z("77")) == z("/local/domain/77"));
  CHECK(t.guest.ask(PV_XS_IS_DOMAIN_INTRODUCED, z("2")) == z("T"));
  CHECK(t.guest.ask(PV_XS_IS_DOMAIN_INTRODUCED, z("0")) == z("T"));
  CHECK(t.guest.ask(PV_XS_IS_DOMAIN_INTRODUCED, z("3")) == z("F"));
  CHECK(t.guest.ask(PV_XS_IS_DOMAIN_INTRODUCED, z("32752")) == z("T"));  // PV_DOMID_SELF
  CHECK(t.guest.watch("data", "t") == kOk);
  CHECK(t.guest.unwatch("data", "t") == kOk);
  CHECK(t.guest.ask(PV_XS_RESET_WATCHES, z("")) == kOk);
  CHECK(t.guest.ask(PV_XS_TRANSACTION_START, z("")) == z("1"));
  CHECK(t.guest.ask(PV_XS_TRANSACTION_END, z("T"), 1) == kOk);
}

TEST_CASE("malformed payloads get EINVAL") {
  OneGuest t;
  const std::vector<std::pair<std::uint32_t, std::string>> bad = {{PV_XS_READ, ""},
                                                                  {PV_XS_READ, "data"},
                                                                  {PV_XS_READ, z("data") + "x"},
                                                                  {PV_XS_READ, z("")},
                                                                  {PV_XS_READ, z("a//b")},
                                                                  {PV_XS_READ, z("@releaseDomain")},
                                                                  {PV_XS_READ, z("../x")},
                                                                  {PV_XS_READ, z(std::string(2049, 'a'))},
                                                                  {PV_XS_READ, z("/" + std::string(3072, 'a'))},
                                                                  {PV_XS_READ, z("data/")},
                                                                  {PV_XS_READ, z("da\x01ta")},
                                                                  {PV_XS_DIRECTORY, "x"},
                                                                  {PV_XS_WRITE, ""},
                                                                  {PV_XS_WRITE, "data/x"},
                                                                  {PV_XS_WRITE, z("a b") + "v"},
                                                                  {PV_XS_MKDIR, z("//")},
                                                                  {PV_XS_RM, z("")},
                                                                  {PV_XS_GET_PERMS, "data"},
                                                                  {PV_XS_SET_PERMS, ""},
                                                                  {PV_XS_SET_PERMS, z("data")},
                                                                  {PV_XS_SET_PERMS, z("data") + "n1"},
                                                                  {PV_XS_SET_PERMS, z("data") + z("n1") + "r2"},
                                                                  {PV_XS_SET_PERMS, z("data") + z("q1")},
                                                                  {PV_XS_WATCH, z("data")},
                                                                  {PV_XS_WATCH, z("data") + "t"},
                                                                  {PV_XS_WATCH, z("") + z("t")},
                                                                  {PV_XS_UNWATCH, z("data")},
                                                                  {PV_XS_GET_DOMAIN_PATH, z("x")},
                                                                  {PV_XS_GET_DOMAIN_PATH, z("65536")},
                                                                  {PV_XS_GET_DOMAIN_PATH, ""},
                                                                  {PV_XS_IS_DOMAIN_INTRODUCED, z("-1")},
                                                                  {PV_XS_DIRECTORY_PART, z("data")},
                                                                  {PV_XS_DIRECTORY_PART, z("data") + z("x")}};
  for (const auto& request : bad) {
    CAPTURE(request.first);
    CAPTURE(request.second);
    CHECK(t.guest.ask(request.first, request.second) == "!EINVAL");
  }
  CHECK_FALSE(t.guest.connection.is_broken());
  const auto tx = t.guest.begin();
  CHECK(t.guest.ask(PV_XS_TRANSACTION_END, z("X"), tx) == "!EINVAL");
  CHECK(t.guest.ask(PV_XS_TRANSACTION_END, "T", tx) == "!EINVAL");
  CHECK(t.guest.commit(tx) == kOk);
}

TEST_CASE("unknown requests get ENOSYS and privileged ones EACCES") {
  OneGuest t;
  for (const std::uint32_t type : {20u, 15u, 16u, 23u, 0xffffu, 0xffffffffu}) CHECK(t.guest.ask(type, z("1")) == "!ENOSYS");
  for (const int type : {PV_XS_CONTROL, PV_XS_INTRODUCE, PV_XS_RELEASE, PV_XS_RESUME, PV_XS_SET_TARGET}) {
    CHECK(t.guest.ask(static_cast<std::uint32_t>(type), z("1")) == "!EACCES");
  }
}

TEST_CASE("an unknown transaction gets ENOENT and one inside another EBUSY") {
  OneGuest t;
  CHECK(t.guest.read("data", 99) == "!ENOENT");
  CHECK(t.guest.ask(PV_XS_TRANSACTION_END, z("T")) == "!ENOENT");
  const auto tx = t.guest.begin();
  CHECK(t.guest.ask(PV_XS_TRANSACTION_START, z(""), tx) == "!EBUSY");
}

TEST_CASE("a guest may neither take nor give ownership") {
  OneGuest t;
  CHECK(t.guest.ask(PV_XS_SET_PERMS, z("data") + z("n2")) == "!EACCES");
  CHECK(t.guest.ask(PV_XS_SET_PERMS, z("/local/domain/1") + z("n1")) == "!EACCES");
  CHECK(t.store.nodes_of(DomainId{1}) == 1);
}

TEST_CASE("quota refusals have Xen's names") {
  OneGuest t;
  CHECK(t.guest.write("data/x", std::string(2048, 'v')) == kOk);
  CHECK(t.guest.write("data/x", std::string(2049, 'v')) == "!ENOSPC");
  std::string perms = z("data") + z("n1");
  for (int i = 0; i < 4; ++i) perms += z("r2");
  CHECK(t.guest.ask(PV_XS_SET_PERMS, perms) == kOk);
  CHECK(t.guest.ask(PV_XS_SET_PERMS, perms + z("r2")) == "!ENOSPC");
  for (int i = 0; i < 998; ++i) REQUIRE(t.guest.mkdir("data/n" + std::to_string(i)) == kOk);
  CHECK(t.guest.mkdir("data/one-too-many") == "!ENOSPC");
}

TEST_CASE("requests with equal ids are all answered") {
  OneGuest t;
  const std::string twice = request_bytes(PV_XS_READ, z("data"), 0, 5) + request_bytes(PV_XS_READ, z("data/no"), 0, 5);
  CHECK(t.guest.connection.receive(bytes_of(twice), 10).served == 2);
  t.guest.collect();
  REQUIRE(t.guest.replies.size() == 2);
  CHECK(t.guest.replies[0].header.type == PV_XS_READ);
  CHECK(t.guest.replies[1].header.type == PV_XS_ERROR);
  CHECK(t.guest.replies[1].payload == z("ENOENT"));
}

TEST_CASE("a directory too long for one reply is read in parts") {
  OneGuest t;
  std::string all;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "a-rather-long-name-" + std::to_string(i);
    t.store.mkdir("/local/domain/1/data/" + name);
    all += z(name);
  }
  CHECK(t.guest.directory("data") == "!E2BIG");
  std::string collected;
  std::string generation;
  for (int parts = 0; parts < 100; ++parts) {
    const std::string reply = t.guest.ask(PV_XS_DIRECTORY_PART, z("data") + z(std::to_string(collected.size())));
    REQUIRE(reply.front() != '!');
    const std::size_t end = reply.find('\0');
    if (parts == 0) generation = reply.substr(0, end);
    CHECK(reply.substr(0, end) == generation);
    std::string names = reply.substr(end + 1);
    const bool last = names.size() < 2 || names[names.size() - 2] == '\0';
    if (last) names.pop_back();
    collected += names;
    if (last) break;
  }
  CHECK(collected == all);
  t.store.mkdir("/local/domain/1/data/more");
  const std::string changed = t.guest.ask(PV_XS_DIRECTORY_PART, z("data") + z("0"));
  CHECK(changed.substr(0, changed.find('\0')) != generation);
  const std::string beyond = t.guest.ask(PV_XS_DIRECTORY_PART, z("data") + z("4000000000"));
  CHECK(beyond.substr(beyond.find('\0')) == std::string(2, '\0'));
}

TEST_CASE("one call serves no more requests than its budget") {
  OneGuest t;
  std::string stream;
  for (std::uint32_t i = 0; i < 5; ++i) stream += request_bytes(PV_XS_READ, z("data"), 0, i);
  const auto first = t.guest.connection.receive(bytes_of(stream), 2);
  CHECK(first.served == 2);
  CHECK(first.consumed < stream.size());
  CHECK(t.guest.connection.has_request());
  const auto second = t.guest.connection.receive(bytes_of(stream.substr(first.consumed)), 100);
  CHECK(second.served == 3);
  CHECK(first.consumed + second.consumed == stream.size());
}

TEST_CASE("a guest that never reads its replies is served twenty requests and costs no more memory") {
  OneGuest t;
  t.guest.write("data/x", std::string(2048, 'v'));
  std::string stream;
  for (std::uint32_t i = 0; i < 500; ++i) stream += request_bytes(PV_XS_READ, z("data/x"), 0, i);
  std::size_t served = 0;
  std::size_t consumed = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const auto progress = t.guest.connection.receive(bytes_of(stream.substr(consumed)), 32);
    served += progress.served;
    consumed += progress.consumed;
  }
  CHECK(served == 20);
  CHECK(t.guest.connection.output_bytes() == 20 * (16 + 2048));
  CHECK_FALSE(t.guest.connection.may_serve());
  t.guest.collect();
  CHECK(t.guest.connection.may_serve());
  CHECK(t.guest.connection.receive({}, 32).served == 1);  // the one that waited inside
}

TEST_CASE("a payload of 4096 bytes is a request like any other") {
  OneGuest t;
  CHECK(t.guest.ask(PV_XS_READ, std::string(4096, 'x')) == "!EINVAL");
  CHECK(t.store.write("/local/domain/1/data/x", std::string(4096, 'v')) == StoreStatus::Ok);
  CHECK(t.guest.read("data/x") == std::string(4096, 'v'));
  CHECK(t.store.write("/local/domain/1/data/x", std::string(4097, 'v')) == StoreStatus::Ok);
  CHECK(t.guest.read("data/x") == "!E2BIG");
}

TEST_CASE("an announced payload of 4097 bytes breaks the connection and nothing else") {
  OneGuest t;
  t.guest.watch("data", "t");
  (void)t.guest.begin();
  const pv_xsd_sockmsg header{PV_XS_READ, 1, 0, 4097};
  const auto bytes = std::as_bytes(std::span(&header, 1));
  t.guest.connection.receive(bytes, 10);
  CHECK(t.guest.connection.is_broken());
  CHECK(t.guest.connection.output().empty());
  CHECK(t.guest.connection.open_transactions() == 0);
  t.store.write("/local/domain/1/data/x", "");
  CHECK(t.guest.connection.output().empty());
  const std::string late = request_bytes(PV_XS_READ, z("data"));
  CHECK(t.guest.connection.receive(bytes_of(late), 10).consumed == late.size());
  CHECK(t.guest.connection.output().empty());
  CHECK(t.store.is_introduced(DomainId{1}));
  XenstoreClient other(t.store, 2);
  CHECK(other.read("data") == "");
}

TEST_CASE("half a message makes only its own connection wait") {
  OneGuest t;
  XenstoreClient other(t.store, 2);
  const std::string bytes = request_bytes(PV_XS_READ, z("data"), 0, 4);
  CHECK(t.guest.connection.receive(bytes_of(bytes.substr(0, 18)), 10).served == 0);
  CHECK(other.read("data") == "");
  CHECK(t.guest.connection.receive(bytes_of(bytes.substr(18)), 10).served == 1);
}

TEST_CASE("RESET_WATCHES in a loop and inside a transaction leaves nothing") {
  OneGuest t;
  for (int i = 0; i < 300; ++i) {
    REQUIRE(t.guest.watch("data", "t") == kOk);
    const auto tx = t.guest.begin();
    REQUIRE(t.guest.write("data/x", "", tx) == kOk);
    REQUIRE(t.guest.ask(PV_XS_RESET_WATCHES, z(""), tx) == kOk);
    REQUIRE(t.guest.connection.open_transactions() == 0);
  }
  t.guest.take_events();
  t.guest.write("data/y", "");
  CHECK(t.guest.take_events().empty());
  CHECK(t.store.nodes_of(DomainId{1}) == 2);
}

TEST_CASE("reset() makes the connection as new but leaves the nodes") {
  OneGuest t;
  t.guest.write("data/x", "stays");
  t.guest.watch("data", "t");
  (void)t.guest.begin();
  t.store.write("/local/domain/1/data/y", "");  // an event waits
  t.guest.connection.receive(bytes_of(request_bytes(PV_XS_READ, z("data")).substr(0, 7)), 1);
  t.guest.connection.reset();
  t.guest.events.clear();
  CHECK(t.guest.connection.output().empty());
  CHECK(t.guest.connection.open_transactions() == 0);
  CHECK(t.guest.read("data/x") == "stays");
  t.store.write("/local/domain/1/data/y", "1");
  CHECK(t.guest.take_events().empty());
  CHECK(t.guest.watch("data", "t") == kOk);
}

TEST_CASE("reset() mends a broken connection") {
  OneGuest t;
  t.guest.connection.break_off();
  CHECK(t.guest.read("data") == "(no reply)");
  t.guest.connection.reset();
  CHECK(t.guest.read("data") == "");
}

TEST_CASE("requests of a domain that has ended change nothing") {
  OneGuest t;
  t.store.release_domain(DomainId{1});
  CHECK(t.guest.write("data/x", "") == "(no reply)");
  CHECK(t.store.nodes_of(DomainId{1}) == 0);
}

TEST_CASE("the notifier says when an event waits that no request of this domain caused") {
  OneGuest t;
  int notes = 0;
  t.guest.connection.set_event_notifier([&] { ++notes; });
  t.guest.watch("data", "t");
  notes = 0;
  t.store.write("/local/domain/1/data/x", "");
  CHECK(notes == 1);
}
