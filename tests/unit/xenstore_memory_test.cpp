// SPDX-License-Identifier: MIT
// What the store holds for one guest is limited as a whole: nodes, open transactions, and what the guest has not taken yet.
#include <doctest/doctest.h>

#include "support/xenstore_client.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

constexpr std::size_t kLimit = 20'000;

StoreQuotas small() {
  StoreQuotas quotas;
  quotas.memory = kLimit;
  return quotas;
}

struct SmallStore {
  StoreWithGuests world{small()};
  XenstoreClient guest{world.store, 1};

  std::size_t memory() const { return guest.connection.memory(); }
  /// Writes values of 2000 bytes until one is refused, and returns the refusal.
  std::string fill() {
    std::string reply = kOk;
    for (int i = 0; reply == kOk && i < 100; ++i) reply = guest.write("data/n" + std::to_string(i), std::string(2000, 'v'));
    return reply;
  }
};

}  // namespace

TEST_CASE("a guest's nodes may use the store's memory up to its limit, and what it removes is free again") {
  SmallStore t;
  CHECK(t.fill() == "!ENOMEM");
  CHECK(t.memory() >= kLimit);
  CHECK(t.memory() < kLimit + 4096);
  CHECK(t.guest.mkdir("data/m") == "!ENOMEM");
  CHECK(t.guest.begin() == 0);
  CHECK(t.guest.read("data/n0").size() == 2000);  // looking is free

  CHECK(t.guest.rm("data/n0") == kOk);
  CHECK(t.guest.write("data/n0", "small") == kOk);
}

TEST_CASE("a longer value costs more and a shorter one less") {
  SmallStore t;
  CHECK(t.guest.write("data/x", "") == kOk);
  const std::size_t before = t.memory();
  CHECK(t.guest.write("data/x", std::string(1000, 'v')) == kOk);
  CHECK(t.memory() == before + 1000);
  CHECK(t.guest.write("data/x", std::string(10, 'v')) == kOk);
  CHECK(t.memory() == before + 10);
}

TEST_CASE("a node given to another domain is its new owner's to pay") {
  SmallStore t;
  CHECK(t.fill() == "!ENOMEM");
  t.world.store.set_permissions("/local/domain/1/data/n0", {{DomainId{2}, kRightBoth}});
  CHECK(t.guest.write("data/small", "again room") == kOk);
  CHECK(t.world.store.use_of(DomainId{2}).bytes > 2000);
}

TEST_CASE("what a transaction remembers counts until it ends, looks at missing nodes too") {
  SmallStore t;
  const std::size_t before = t.memory();
  const std::uint32_t transaction = t.guest.begin();
  std::string reply;
  for (int i = 0; i < 1000 && reply != "!ENOMEM"; ++i) reply = t.guest.read("data/missing" + std::to_string(i), transaction);
  CHECK(reply == "!ENOMEM");
  CHECK(t.guest.write("data/x", "outside") == "!ENOMEM");
  CHECK(t.guest.abort(transaction) == kOk);
  CHECK(t.memory() == before);
  CHECK(t.guest.write("data/x", "outside") == kOk);
}

TEST_CASE("what is changed in a transaction counts, and once only when it is committed") {
  SmallStore t;
  const std::uint32_t transaction = t.guest.begin();
  const std::size_t before = t.memory();
  CHECK(t.guest.write("data/x", std::string(2000, 'v'), transaction) == kOk);
  CHECK(t.memory() > before + 2000);
  CHECK(t.guest.commit(transaction) == kOk);
  CHECK(t.memory() > before + 2000);
  CHECK(t.memory() < before + 3000);
}

TEST_CASE("replies and events that a guest does not take count") {
  SmallStore t;
  CHECK(t.guest.write("data/x", std::string(2000, 'v')) == kOk);
  const std::size_t before = t.memory();
  for (std::uint32_t id = 1; id <= 10; ++id) t.guest.connection.receive(bytes_of(request_bytes(PV_XS_READ, z("data/x"), 0, id)), 1);
  CHECK(t.memory() > before + 10 * 2000);
  t.guest.connection.receive(bytes_of(request_bytes(PV_XS_WRITE, z("data/y") + "v", 0, 11)), 1);
  t.guest.collect();
  CHECK(t.guest.replies.back().payload == z("ENOMEM"));
  CHECK(t.memory() == before);
}

TEST_CASE("the monitor has no limit of memory") {
  SmallStore t;
  for (int i = 0; i < 30; ++i) CHECK(t.world.store.write("/m/n" + std::to_string(i), std::string(2000, 'v')) == StoreStatus::Ok);
}
