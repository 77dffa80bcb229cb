// SPDX-License-Identifier: MIT
// The handshake through xenstore, with a driver that only counts.
#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "devices/xenbus_backend.hpp"
#include "xenstore/store.hpp"

using namespace pvisor;

namespace {

constexpr auto kFront = "/local/domain/7/device/vbd/51712";
constexpr auto kBack = "/local/domain/0/backend/vbd/7/51712";

struct CountingDriver final : XenbusDriver {
  std::optional<std::string> connect() override {
    CHECK(!connected);
    if (refusal) return refusal;
    connected = true;
    ++connects;
    return std::nullopt;
  }
  void disconnect() override {
    CHECK(connected);
    connected = false;
  }
  bool connected = false;
  int connects = 0;
  std::optional<std::string> refusal;
};

struct Fixture {
  Store store;
  CountingDriver driver;
  std::optional<XenbusBackend> backend;

  Fixture() {
    store.introduce_domain(DomainId(7));
    backend.emplace(store, XenbusName{"vbd", DomainId(7), 51712}, driver);
    backend->attach({{"sectors", "100"}}, {{"virtual-device", "51712"}});
    deliver();
  }
  void deliver() {
    while (store.has_events()) (void)store.deliver_events(64);
  }
  [[nodiscard]] std::string front(const std::string& key) { return store.read(std::string(kFront) + "/" + key).value_or("-"); }
  [[nodiscard]] std::string back(const std::string& key) { return store.read(std::string(kBack) + "/" + key).value_or("-"); }
  /// Writes the state as the guest does, and answers the back end's.
  std::string state(const std::string& value) {
    const auto path = StorePath::parse(std::string(kFront) + "/state");
    REQUIRE(store.write(StoreCaller{DomainId(7)}, *path, value) == StoreStatus::Ok);
    deliver();
    return back("state");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "both directories name each other and the back end waits") {
  CHECK(back("frontend") == kFront);
  CHECK(back("frontend-id") == "7");
  CHECK(back("online") == "1");
  CHECK(back("sectors") == "100");
  CHECK(back("state") == "2");
  CHECK(front("backend") == kBack);
  CHECK(front("backend-id") == "0");
  CHECK(front("virtual-device") == "51712");
  CHECK(front("state") == "1");
}

TEST_CASE_FIXTURE(Fixture, "the guest owns its directory and only reads the other") {
  const StoreCaller guest{DomainId(7)};
  const StoreCaller other{DomainId(8)};
  const auto front_state = *StorePath::parse(std::string(kFront) + "/ring-ref");
  const auto back_state = *StorePath::parse(std::string(kBack) + "/state");
  CHECK(store.write(guest, front_state, "8") == StoreStatus::Ok);
  CHECK(store.read(guest, back_state).value == "2");
  CHECK(store.write(guest, back_state, "6") == StoreStatus::Denied);
  CHECK(store.read(other, back_state).status == StoreStatus::Denied);
  CHECK(store.read(other, front_state).status == StoreStatus::Denied);
}

TEST_CASE_FIXTURE(Fixture, "a front end connects, leaves in order and starts anew") {
  for (int round = 1; round <= 3; ++round) {
    CHECK(state("3") == "4");
    CHECK(state("4") == "4");
    CHECK(driver.connected);
    CHECK(state("5") == "5");
    CHECK(!driver.connected);
    CHECK(state("6") == "6");
    CHECK(state("1") == "2");
    CHECK(driver.connects == round);
  }
}

TEST_CASE_FIXTURE(Fixture, "a refused connection is told on both sides and may be tried again") {
  driver.refusal = "no ring";
  CHECK(state("3") == "2");
  CHECK(back("error") == "no ring");
  CHECK(store.read("/local/domain/7/error/device/vbd/51712/error") == "no ring");
  driver.refusal.reset();
  CHECK(state("3") == "4");
  CHECK(back("error") == "-");
  CHECK(!store.exists("/local/domain/7/error/device/vbd/51712/error"));
}

TEST_CASE_FIXTURE(Fixture, "a device that misbehaves is disconnected and goes to Closing, and may come back") {
  CHECK(state("4") == "4");
  backend->fail("broken ring");
  CHECK(!driver.connected);
  CHECK(back("state") == "5");
  CHECK(back("error") == "broken ring");
  CHECK(state("6") == "6");
  CHECK(state("1") == "2");
  CHECK(state("3") == "4");
}

TEST_CASE_FIXTURE(Fixture, "a front end that starts anew without closing is disconnected first") {
  CHECK(state("4") == "4");
  CHECK(state("1") == "2");
  CHECK(!driver.connected);
}

TEST_CASE_FIXTURE(Fixture, "states seen late are taken as they are: closed and connected again between two looks") {
  CHECK(state("4") == "4");
  for (const char* const value : {"5", "6", "1", "3"}) store.write(std::string(kFront) + "/state", value);
  deliver();
  CHECK(driver.connected);
  CHECK(back("state") == "4");
}

TEST_CASE_FIXTURE(Fixture, "any walk of states, nonsense included, ends where its last state says, without a leak") {
  const std::vector<std::string> states{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "999", "", "-1", "4294967297", " 4", "4 ", "abc", std::string(3000, '3')};
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 20 == 0) {
      (void)store.remove(std::string(kFront) + "/state");
    } else {
      store.write(std::string(kFront) + "/state", states[random() % states.size()]);
    }
    if (random() % 3 == 0) (void)store.deliver_events(1 + random() % 4);
  }
  CHECK(state("6") == "6");
  CHECK(!driver.connected);
  CHECK(state("999") == "6");
  CHECK(state("1") == "2");
  CHECK(state("3") == "4");
}

TEST_CASE_FIXTURE(Fixture, "a front end that removes its whole directory is closed, and finds it again after a chain-load") {
  CHECK(state("4") == "4");
  REQUIRE(store.remove(StoreCaller{DomainId(7)}, *StorePath::parse(kFront)) == StoreStatus::Ok);
  deliver();
  CHECK(!driver.connected);
  CHECK(back("state") == "6");
  backend->attach({}, {});
  deliver();
  CHECK(state("3") == "4");
}

TEST_CASE_FIXTURE(Fixture, "toggling ten thousand times at full speed connects and disconnects in pairs") {
  for (int i = 0; i < 10'000; ++i) (void)state(i % 2 == 0 ? "3" : "6");
  CHECK(!driver.connected);
  CHECK(driver.connects == 5000);
}

TEST_CASE_FIXTURE(Fixture, "chain-load leaves a device as a new domain finds it") {
  store.write(std::string(kFront) + "/ring-ref", "8");
  store.write(std::string(kFront) + "/junk", "x");
  CHECK(state("4") == "4");
  backend->detach();
  CHECK(!driver.connected);
  CHECK(back("state") == "6");
  store.write(std::string(kFront) + "/state", "4");
  deliver();
  CHECK(!driver.connected);
  backend->attach({{"sectors", "100"}}, {{"virtual-device", "51712"}});
  deliver();
  CHECK(front("state") == "1");
  CHECK(front("ring-ref") == "-");
  CHECK(front("junk") == "-");
  CHECK(front("virtual-device") == "51712");
  CHECK(back("state") == "2");
  CHECK(state("3") == "4");
}

TEST_CASE_FIXTURE(Fixture, "a device that goes leaves nothing in the store") {
  CHECK(state("4") == "4");
  backend.reset();
  CHECK(!driver.connected);
  CHECK(!store.exists(kFront));
  CHECK(!store.exists(kBack));
}

TEST_CASE_FIXTURE(Fixture, "numbers from a front end are decimal and fit 32 bits") {
  const auto number = [&](const std::string& text) {
    store.write(std::string(kFront) + "/event-channel", text);
    return backend->frontend_number("event-channel");
  };
  CHECK(number("0") == 0U);
  CHECK(number("4294967295") == 4294967295U);
  for (const char* const text : {"", "-1", "+1", " 1", "1 ", "0x10", "4294967296", "abc", "1.0"}) CHECK(!number(text));
  CHECK(!number(std::string(100'000, '1')));
  CHECK(!backend->frontend_number("missing"));
}
