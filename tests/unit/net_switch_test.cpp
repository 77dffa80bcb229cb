// SPDX-License-Identifier: MIT
// Addresses, what a switch knows of them, and who gets which frame.
#include "devices/net/net_switch.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/net_test_world.hpp"

using namespace pvisor;

namespace {

MacAddress numbered(std::uint64_t number) {
  MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) mac.bytes[5 - i] = static_cast<std::uint8_t>(number >> 8 * i);
  mac.bytes[0] = 0x02;
  return mac;
}

/// A switch with three ports that keep what they get.
struct Fixture {
  std::uint64_t now = 0;
  NetSwitch lan{[this] { return now; }};
  std::vector<KeptFrames> got{3};
  std::vector<std::unique_ptr<NetLink>> links;

  Fixture() {
    for (std::uint8_t i = 0; i < 3; ++i) links.push_back(lan.plug(got[i], test_mac(static_cast<std::uint8_t>(i + 1))));
  }
  bool send(std::size_t port, const MacAddress& to, const MacAddress& from, std::size_t size = 60) {
    const std::string frame = test_frame(to, from, size);
    const bool ok = links[port]->send({std::as_bytes(std::span(frame))});
    links[port]->flush();
    return ok;
  }
  std::vector<std::size_t> counts() {
    std::vector<std::size_t> out;
    for (auto& port : got) {
      out.push_back(port.bytes.size());
      port.bytes.clear();
    }
    return out;
  }
};

using Counts = std::vector<std::size_t>;

}  // namespace

TEST_CASE("an address is read as it is written, and nothing else is one") {
  const auto mac = MacAddress::parse("00:16:3E:01:fe:aa");
  REQUIRE(mac);
  CHECK(mac->to_string() == "00:16:3e:01:fe:aa");
  for (const char* const bad : {"", "00:16:3e:01:02", "00:16:3e:01:02:03:04", "00-16-3e-01-02-03", "00:16:3e:01:02:g3", "00:16:3e:01:02:-3",
                                "00:16:3e:01:02: 3", "0:016:3e:01:02:03", "00:16:3e:01:02:03 "}) {
    CHECK_MESSAGE(!MacAddress::parse(bad), bad);
  }
}

TEST_CASE("a derived address is Xen's, the same in each run, and another for each interface and domain") {
  const MacAddress first = MacAddress::derive("web", 0);
  CHECK(first.to_string() == "00:16:3e:" + first.to_string().substr(9));
  CHECK(first == MacAddress::derive("web", 0));
  CHECK(first != MacAddress::derive("web", 1));
  CHECK(first != MacAddress::derive("db", 0));
  CHECK(!first.is_group());
}

TEST_CASE_FIXTURE(Fixture, "a frame for an interface's own address goes there from the start, and nowhere else") {
  CHECK(send(0, test_mac(2), test_mac(1)));
  CHECK(counts() == Counts{0, 1, 0});
  CHECK(got[1].flushes == 1);
  CHECK(got[2].flushes == 0);
}

TEST_CASE_FIXTURE(Fixture, "broadcasts, groups and unknown addresses go to all others") {
  for (const auto& to : {kEverybody, MacAddress{{0x01, 0, 0x5e, 0, 0, 1}}, numbered(77)}) {
    CHECK(send(0, to, test_mac(1)));
    CHECK(counts() == Counts{0, 1, 1});
  }
}

TEST_CASE_FIXTURE(Fixture, "an address is learnt from what it sends, follows when it moves, and is forgotten after a while") {
  CHECK(send(2, test_mac(1), numbered(5)));
  (void)counts();
  CHECK(send(0, numbered(5), test_mac(1)));
  CHECK(counts() == Counts{0, 0, 1});
  CHECK(send(1, test_mac(1), numbered(5)));  // has moved
  (void)counts();
  CHECK(send(0, numbered(5), test_mac(1)));
  CHECK(counts() == Counts{0, 1, 0});
  now = MacTable::kForgetNs + 1;
  CHECK(send(0, numbered(5), test_mac(1)));
  CHECK(counts() == Counts{0, 1, 1});
}

TEST_CASE_FIXTURE(Fixture, "nobody sends from another interface's address, from a group's, or from none") {
  CHECK(!send(0, kEverybody, test_mac(2)));
  CHECK(!send(0, kEverybody, kEverybody));
  CHECK(!send(0, kEverybody, MacAddress{}));
  CHECK(counts() == Counts{0, 0, 0});
  CHECK(send(2, test_mac(2), test_mac(3)));  // and took nothing from it
  CHECK(counts() == Counts{0, 1, 0});
}

TEST_CASE_FIXTURE(Fixture, "a frame for somebody behind its own port, or for the bridge itself, goes nowhere") {
  CHECK(send(0, test_mac(1), numbered(9)));
  CHECK(send(0, numbered(9), test_mac(1)));
  CHECK(send(0, MacAddress{{0x01, 0x80, 0xc2, 0, 0, 0x0e}}, test_mac(1)));
  CHECK(counts() == Counts{0, 0, 0});
  CHECK(send(0, MacAddress{{0x01, 0x80, 0xc2, 0, 0, 0x10}}, test_mac(1)));
  CHECK(counts() == Counts{0, 1, 1});
}

TEST_CASE("two interfaces cannot have one address on a switch, and a free one can be had again") {
  NetSwitch lan([] { return std::uint64_t{0}; });
  KeptFrames sink;
  auto first = lan.plug(sink, test_mac(1));
  REQUIRE(first != nullptr);
  CHECK(lan.plug(sink, test_mac(1)) == nullptr);
  first.reset();
  CHECK(lan.plug(sink, test_mac(1)) != nullptr);
}

TEST_CASE("a flood of addresses takes the places of its own port only") {
  MacTable table;
  REQUIRE(table.add_port(0, test_mac(1)));
  REQUIRE(table.add_port(1, test_mac(2)));
  CHECK(table.learn(1, numbered(1), 0));
  for (std::uint64_t i = 100; i < 100'100; ++i) CHECK(table.learn(0, numbered(i), 0));
  CHECK(table.size() == 2 + 1 + MacTable::kLearntPerPort);
  CHECK(table.find(numbered(1), 0) == 1U);
  CHECK(table.find(test_mac(2), 0) == 1U);
  CHECK(table.find(numbered(100'099), 0) == 0U);
  CHECK(!table.find(numbered(100), 0));
}

TEST_CASE("addresses that move to and fro between ports are one entry, and leave with their port") {
  MacTable table;
  REQUIRE(table.add_port(0, test_mac(1)));
  REQUIRE(table.add_port(1, test_mac(2)));
  for (std::uint32_t i = 0; i < 3000; ++i) CHECK(table.learn(i % 2, numbered(i % 7), 0));
  CHECK(table.size() == 2 + 7);
  table.remove_port(1);
  for (std::uint64_t i = 0; i < 7; ++i) CHECK(table.find(numbered(i), 0).value_or(0) == 0);
  REQUIRE(table.add_port(2, numbered(3)));  // learnt of another before: now its own
  CHECK(table.find(numbered(3), 0) == 2U);
  CHECK(!table.learn(0, numbered(3), 0));
}
