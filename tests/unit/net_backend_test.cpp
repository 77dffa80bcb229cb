// SPDX-License-Identifier: MIT
// The network interface in xenstore: what it tells, what it takes, and what it refuses.
#include "devices/net/net_backend.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/net_test_world.hpp"
#include "xenstore/store.hpp"

using namespace pvisor;

namespace {

constexpr auto kFront = "/local/domain/7/device/vif/0";
constexpr auto kBack = "/local/domain/0/backend/vif/7/0";

struct Fixture {
  Store store;
  RingPages ring_pages;
  std::unique_ptr<NetRoom> room = std::make_unique<NetRoom>();
  KeptFrames sent;
  TestGuest guest;
  std::vector<std::string> log;
  NetInterface interface{test_mac(1), [this](NetSide&) { return std::make_unique<LonelyWorld::Link>(sent); }};
  std::optional<NetBackend> backend;

  Fixture() {
    store.introduce_domain(DomainId(7));
    std::memset(guest.page(NetTestGuest::kRxRingFrame), 0, kPageSize);
    guest.grant(NetTestGuest::kRxRingGrant, NetTestGuest::kRxRingFrame);
    guest.start_ring(0);
    backend.emplace(NetServices{store, ring_pages, *room, [this](const std::string& line) { log.push_back(line); }}, 0U, interface);
    attach();
    for (const auto& [key, value] : {std::pair{"tx-ring-ref", std::to_string(TestGuest::kRingGrant)},
                                     std::pair{"rx-ring-ref", std::to_string(NetTestGuest::kRxRingGrant)},
                                     std::pair{"event-channel", std::to_string(guest.port.value())}, std::pair{"request-rx-copy", std::string("1")}}) {
      write(key, value);
    }
  }
  void attach() {
    backend->attach({DomainId(7), guest.grants, guest.events, guest.work});
    deliver();
  }
  void deliver() {
    while (store.has_events()) (void)store.deliver_events(64);
  }
  void write(const std::string& key, const std::string& value) {
    const auto path = StorePath::parse(std::string(kFront) + "/" + key);
    REQUIRE(store.write(StoreCaller{DomainId(7)}, *path, value) == StoreStatus::Ok);
    deliver();
  }
  [[nodiscard]] std::string back(const std::string& key) { return store.read(std::string(kBack) + "/" + key).value_or("-"); }
  [[nodiscard]] std::string front(const std::string& key) { return store.read(std::string(kFront) + "/" + key).value_or("-"); }
  std::string state(const std::string& value) {
    write("state", value);
    return back("state");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an interface shows its address, its features and the other half before the guest connects") {
  CHECK(back("state") == "2");
  CHECK(back("mac") == "00:16:3e:00:00:01");
  CHECK(front("mac") == "00:16:3e:00:00:01");
  CHECK(back("handle") == "0");
  CHECK(back("feature-rx-copy") == "1");
  CHECK(back("feature-sg") == "1");
  CHECK(back("carrier") == "1");
  CHECK(front("backend") == kBack);
}

TEST_CASE_FIXTURE(Fixture, "a front end connects, leaves and connects again") {
  for (int i = 0; i < 3; ++i) {
    CHECK(state("4") == "4");
    CHECK(backend->is_connected());
    CHECK(ring_pages.size() == 2);
    CHECK(state("5") == "5");
    CHECK(state("6") == "6");
    CHECK(!backend->is_connected());
    CHECK(ring_pages.size() == 0);
    CHECK(guest.grants.uses() == 0);
    CHECK(state("1") == "2");
  }
}

TEST_CASE_FIXTURE(Fixture, "what is missing, no number or not offered is refused with its name") {
  const auto refused = [&](const std::string& key, const std::string& bad, const std::string& good, const std::string& error) {
    write(key, bad);
    CHECK(state("3") == "2");
    CHECK_MESSAGE(back("error") == error, key, "=", bad, ": ", back("error"));
    write(key, good);
    CHECK(state("1") == "2");
  };
  refused("tx-ring-ref", "eight", "8", "tx-ring-ref is missing or no number");
  refused("rx-ring-ref", "", "9", "rx-ring-ref is missing or no number");
  refused("rx-ring-ref", "8", "9", "rx-ring-ref 8 is a page that another device uses as its ring");
  refused("event-channel", "-1", std::to_string(guest.port.value()), "event-channel is missing or no number");
  refused("request-rx-copy", "0", "1", "request-rx-copy is not 1: frames are copied into the guest's pages, nothing else is offered");
  refused("multi-queue-num-queues", "2", "1", "multi-queue-num-queues is not offered: there is one queue");
  CHECK(state("4") == "4");
}

TEST_CASE_FIXTURE(Fixture, "keys of features that are not offered are ignored") {
  for (const char* const key : {"request-multicast-control", "feature-ctrl-ring", "ctrl-ring-ref", "event-channel-ctrl", "event-channel-tx"}) write(key, "1");
  CHECK(state("4") == "4");
}

TEST_CASE_FIXTURE(Fixture, "a broken ring closes the interface with the reason, and the log has an end") {
  for (int i = 0; i < 30; ++i) {
    guest.ring().header.req_prod = 0;
    CHECK(state("4") == "4");
    guest.ring().header.req_prod = 1000;
    (void)guest.events.send(guest.port);
    guest.run();
    CHECK(back("state") == "5");
    CHECK(back("error") == "the tx ring's request index is impossible");
    CHECK(!backend->is_connected());
    CHECK(state("1") == "2");
  }
  CHECK(log.size() == 10);
  CHECK(log[0] == "domain 7: interface 0 switched off: the tx ring's request index is impossible");
}

TEST_CASE_FIXTURE(Fixture, "a broken packet and the guest's end right behind it leave nothing") {
  CHECK(state("4") == "4");
  auto& ring = *reinterpret_cast<pv_netif_tx_sring*>(guest.page(TestGuest::kRingFrame));
  ring.ring[0].req = {TestGuest::kDataGrant, 0xffff, 0, 1, 60};
  ring.header.req_prod = 1;
  (void)guest.events.send(guest.port);
  backend->detach();  // before the work item has run
  guest.run();
  CHECK(ring_pages.size() == 0);
  CHECK(guest.grants.uses() == 0);
  CHECK(log.empty());
  attach();
  ring.header.req_prod = 0;
  CHECK(back("state") == "2");
}

TEST_CASE_FIXTURE(Fixture, "what the front end rewrites after it has connected counts from the next connect") {
  CHECK(state("4") == "4");
  write("tx-ring-ref", "0");
  write("request-rx-copy", "0");
  CHECK(backend->is_connected());
  CHECK(state("4") == "4");
  CHECK(state("1") == "2");
  CHECK(state("4") == "2");
}

TEST_CASE_FIXTURE(Fixture, "the interface's counts outlive its connections") {
  interface.statistics().sent.add(100);
  CHECK(state("4") == "4");
  CHECK(state("6") == "6");
  CHECK(interface.statistics().to_string() == "1 frame sent (1 KiB), 0 frames received (0 KiB), 0 refused, 0 dropped");
}
