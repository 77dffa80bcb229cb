// SPDX-License-Identifier: MIT
// The xenstore device of a domain: doorbell in, reply and event out, chain-load, the domain's end.
#include <doctest/doctest.h>

#include <pvabi/io/xs_wire.h>

#include "support/fake_engine_world.hpp"
#include "support/xenstore_client.hpp"
#include "xenstore/service.hpp"

using namespace pvisor;
using namespace pvisor::test;

namespace {

constexpr std::size_t kReqProd = offsetof(pv_xenstore_domain_interface, req_prod);
constexpr std::size_t kRspProd = offsetof(pv_xenstore_domain_interface, rsp_prod);

struct ServiceRig {
  ServiceRig() : domain(world.add_domain()) {
    domain.add_device(std::make_unique<XenstoreService>(store, world.monitor.work(), domain.id()));
    home = StorePath::home(domain.id()).text();
    store.mkdir(home + "/data");
    store.set_permissions(home + "/data", {{domain.id(), kRightNone}});
  }
  [[nodiscard]] SharedPage page() const { return domain.memory().share(domain.image().xenstore).value(); }
  /// Appends requests to the ring, which must have room before its end.
  void put(std::string_view bytes) const {
    const auto prod = page().load<std::uint32_t>(kReqProd);
    page().copy_out(prod, bytes_of(bytes));
    page().store(kReqProd, prod + static_cast<std::uint32_t>(bytes.size()));
  }
  void kick() const { CHECK(domain.events().send(kXenstorePort) == 0); }
  [[nodiscard]] std::uint32_t reply_bytes() const { return page().load<std::uint32_t>(kRspProd); }
  [[nodiscard]] bool is_port_pending() const {
    return (domain.memory().share(domain.image().shared_info)->load<std::uint64_t>(2048) >> kXenstorePort.value() & 1) != 0;
  }

  Store store;  // outlives the world, whose domains use it
  FakeWorld world;
  Domain& domain;
  std::string home;
};

}  // namespace

TEST_CASE("a guest's kick gets its xenstore request served in the next turn and an event back") {
  ServiceRig rig;
  rig.put(request_bytes(PV_XS_WRITE, z("data/x") + "v"));
  rig.kick();
  CHECK_FALSE(rig.store.exists(rig.home + "/data/x"));  // not inside the guest's own call
  rig.world.monitor.work().run_turn();
  CHECK(rig.store.read(rig.home + "/data/x") == "v");
  CHECK(rig.reply_bytes() == 16 + 3);
  CHECK(rig.is_port_pending());
}

TEST_CASE("a watch event reaches a guest that asked for nothing just now") {
  ServiceRig rig;
  rig.put(request_bytes(PV_XS_WATCH, z("data") + z("t")));
  rig.kick();
  rig.world.monitor.work().run_turn();
  const std::uint32_t before = rig.reply_bytes();
  rig.store.write(rig.home + "/data/y", "");
  rig.world.monitor.work().run_turn();
  CHECK(rig.reply_bytes() == before + 16 + 7 + 2);
}

TEST_CASE("one turn serves a bounded number of requests and the next goes on") {
  ServiceRig rig;
  std::string many;
  for (int i = 0; i < 45; ++i) many += request_bytes(PV_XS_RM, z("data"));  // short replies: the ring does not fill
  REQUIRE(many.size() <= PV_XENSTORE_RING_SIZE);
  rig.put(many);
  rig.kick();
  int turns = 0;
  for (; rig.page().load<std::uint32_t>(offsetof(pv_xenstore_domain_interface, req_cons)) < many.size() && turns < 20;
       ++turns) {
    rig.world.monitor.work().run_turn();
  }
  CHECK(turns > 1);
  CHECK(turns < 20);
}

TEST_CASE("a chain-load serves the last requests and gives the new kernel an empty ring and no watches") {
  ServiceRig rig;
  rig.put(request_bytes(PV_XS_WATCH, z("data") + z("t")) + request_bytes(PV_XS_WRITE, z("data/state") + "6"));
  rig.domain.install(make_fake_image(rig.world.engine, FakeWorld::kRamPages));
  CHECK(rig.store.read(rig.home + "/data/state") == "6");
  CHECK(rig.reply_bytes() == 0);
  rig.store.write(rig.home + "/data/state", "1");
  rig.world.monitor.work().run_turn();
  CHECK(rig.reply_bytes() == 0);
  rig.put(request_bytes(PV_XS_READ, z("data/state")));
  rig.kick();
  rig.world.monitor.work().run_turn();
  CHECK(rig.reply_bytes() == 16 + 1);
}

TEST_CASE("a domain's end is told once and takes its nodes, also after its ring was broken") {
  ServiceRig rig;
  const DomainId id = rig.domain.id();
  int releases = 0;
  CHECK(rig.store.watch(kReleaseWatch, [&](const std::string&) { ++releases; }) != 0);
  rig.store.deliver_events(10);
  releases = 0;
  rig.page().store<std::uint32_t>(kReqProd, 0xdeadbeef);
  rig.kick();
  rig.world.monitor.work().run_turn();
  CHECK(rig.world.monitor.find(id) != nullptr);
  CHECK(rig.store.exists(rig.home));
  rig.store.deliver_events(10);
  CHECK(releases == 0);
  rig.world.monitor.destroy_domain(id);
  rig.store.deliver_events(10);
  CHECK(releases == 1);
  CHECK_FALSE(rig.store.exists(rig.home));
  CHECK(rig.store.nodes_of(id) == 0);
}

TEST_CASE("the event pump calls the monitor's watchers from the work queue") {
  Store store;
  WorkQueue work;
  StoreEventPump pump(store, work);
  int calls = 0;
  (void)store.watch("/a", [&](const std::string&) { ++calls; });
  for (int i = 0; i < 100; ++i) store.mkdir("/a/" + std::to_string(i));
  CHECK(calls == 0);
  work.run_turn();
  CHECK(calls == static_cast<int>(StoreEventPump::kEventsPerTurn));
  work.run_turn();
  CHECK(calls == 101);
  CHECK(work.empty());
}
