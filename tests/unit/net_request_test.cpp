// SPDX-License-Identifier: MIT
// Slots of the tx ring put together, or refused.
#include "devices/net/net_request.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <string>

using namespace pvisor;

namespace {

using Step = NetPacketDecoder::Step;

pv_netif_tx_request as_slot(const pv_netif_extra_info& extra) {
  pv_netif_tx_request slot{};
  std::memcpy(&slot, &extra, sizeof extra);
  return slot;
}

pv_netif_tx_request gso(std::uint16_t size, std::uint8_t type = PV_NETIF_GSO_TYPE_TCPV4, std::uint8_t flags = 0) {
  pv_netif_extra_info extra{};
  extra.type = PV_NETIF_EXTRA_TYPE_GSO;
  extra.flags = flags;
  extra.u.gso.size = size;
  extra.u.gso.type = type;
  return as_slot(extra);
}

pv_netif_tx_request extra_of_type(std::uint8_t type, std::uint8_t flags = 0) {
  pv_netif_extra_info extra{};
  extra.type = type;
  extra.flags = flags;
  return as_slot(extra);
}

/// Whole frame of 60 bytes with extras behind it.
pv_netif_tx_request with_extras(std::uint16_t size = 60) { return {1, 0, PV_NETTXF_EXTRA_INFO, 1, size}; }

struct Decoded {
  NetPacketDecoder packet;
  Step last = Step::More;
  explicit Decoded(std::initializer_list<pv_netif_tx_request> slots) {
    for (const auto& slot : slots) last = packet.add(slot);
  }
};

}  // namespace

TEST_CASE("a packet of one slot is its part") {
  const Decoded one{{7, 100, PV_NETTXF_CSUM_BLANK, 42, 1500}};
  CHECK(one.last == Step::Done);
  CHECK(!one.packet.is_refused());
  REQUIRE(one.packet.parts().size() == 1);
  CHECK(one.packet.parts()[0].grant == GrantRef(7));
  CHECK(one.packet.parts()[0].offset == 100);
  CHECK(one.packet.parts()[0].length == 1500);
  CHECK(one.packet.slots()[0].id == 42);
  CHECK(one.packet.flags() == PV_NETTXF_CSUM_BLANK);
}

TEST_CASE("the first part of a packet is what the others leave of it") {
  const Decoded three{{1, 96, PV_NETTXF_MORE_DATA, 1, 9000}, {2, 0, PV_NETTXF_MORE_DATA, 2, 4096}, {3, 8, 0, 3, 904}};
  CHECK(three.last == Step::Done);
  CHECK(!three.packet.is_refused());
  REQUIRE(three.packet.parts().size() == 3);
  CHECK(three.packet.parts()[0].length == 4000);
  CHECK(three.packet.size() == 9000);
}

TEST_CASE("a part that leaves its page breaks the ring, and one that ends with it does not") {
  CHECK(Decoded{{1, 4036, 0, 1, 60}}.last == Step::Done);
  CHECK(Decoded{{1, 4037, 0, 1, 60}}.last == Step::Broken);
  CHECK(Decoded{{1, 0xffff, 0, 1, 60}}.last == Step::Broken);
  CHECK(Decoded{{1, 0, PV_NETTXF_MORE_DATA, 1, 200}, {2, 4000, 0, 2, 97}}.last == Step::Broken);
  CHECK(Decoded{{1, 0, PV_NETTXF_MORE_DATA, 1, 200}, {2, 0xffff, 0, 2, 0xffff}}.last == Step::Broken);
  CHECK(Decoded{{1, 0, 0, 1, 4097}}.last == Step::Broken);
}

TEST_CASE("parts that are more than the packet refuse it, and all its slots are known") {
  const Decoded bad{{1, 0, PV_NETTXF_MORE_DATA, 1, 100}, {2, 0, 0, 2, 101}};
  CHECK(bad.last == Step::Done);
  CHECK(bad.packet.is_refused());
  CHECK(bad.packet.slots().size() == 2);
}

TEST_CASE("parts whose sum wraps 16 bits refuse the packet") {
  NetPacketDecoder packet;
  CHECK(packet.add({1, 0, PV_NETTXF_MORE_DATA, 1, 0xffff}) == Step::More);
  for (std::uint16_t i = 0; i < 16; ++i) CHECK(packet.add({2, 0, PV_NETTXF_MORE_DATA, 2, 4096}) == Step::More);
  CHECK(packet.add({2, 0, 0, 2, 4096}) == Step::Done);
  CHECK(packet.is_refused());
}

TEST_CASE("a packet shorter than an Ethernet header is refused, and one as long is not") {
  CHECK(Decoded{{1, 0, 0, 1, 0}}.packet.is_refused());
  CHECK(Decoded{{1, 0, 0, 1, 13}}.packet.is_refused());
  CHECK(!Decoded{{1, 0, 0, 1, 14}}.packet.is_refused());
}

TEST_CASE("a packet of 18 slots is taken, one of 19 refused, and 20 break the ring") {
  for (const std::uint32_t slots : {18U, 19U, 20U}) {
    NetPacketDecoder packet;
    auto step = packet.add({1, 0, PV_NETTXF_MORE_DATA, 0, 60});
    for (std::uint32_t i = 2; i <= slots; ++i) {
      REQUIRE(step == Step::More);
      step = packet.add({1, 0, i < slots ? std::uint16_t{PV_NETTXF_MORE_DATA} : std::uint16_t{0}, static_cast<std::uint16_t>(i), 3});
    }
    CHECK(step == (slots == 20 ? Step::Broken : Step::Done));
    if (slots < 20) {
      CHECK(packet.is_refused() == (slots == 19));
      CHECK(packet.slots().size() == slots);
    }
  }
}

TEST_CASE("parts of no length are taken in every position") {
  const Decoded first{{1, 4096, PV_NETTXF_MORE_DATA, 1, 60}, {2, 0, 0, 2, 60}};
  CHECK(first.last == Step::Done);
  CHECK(first.packet.parts()[0].length == 0);
  const Decoded middle{{1, 0, PV_NETTXF_MORE_DATA, 1, 60}, {0xffff'ffff, 4096, PV_NETTXF_MORE_DATA, 2, 0}, {2, 0, 0, 3, 30}};
  CHECK(middle.last == Step::Done);
  CHECK(!middle.packet.is_refused());
  const Decoded all{{1, 0, PV_NETTXF_MORE_DATA, 1, 0}, {2, 0, PV_NETTXF_MORE_DATA, 2, 0}, {3, 0, 0, 3, 0}};
  CHECK(all.last == Step::Done);
  CHECK(all.packet.is_refused());
}

TEST_CASE("an extra_info says the size of segments, and its slot is answered apart") {
  const Decoded packet{{1, 0, PV_NETTXF_MORE_DATA | PV_NETTXF_EXTRA_INFO, 5, 5000}, gso(1460), {2, 0, 0, 6, 4000}};
  CHECK(packet.last == Step::Done);
  CHECK(!packet.packet.is_refused());
  CHECK(packet.packet.segment_size() == 1460);
  REQUIRE(packet.packet.slots().size() == 3);
  CHECK(packet.packet.slots()[1].is_extra);
  CHECK(packet.packet.slots()[2].id == 6);
  CHECK(packet.packet.parts().size() == 2);
}

TEST_CASE("an extra_info of no type, of an unknown one, or twice breaks the ring") {
  CHECK(Decoded{with_extras(), extra_of_type(0)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), extra_of_type(PV_NETIF_EXTRA_TYPE_MAX)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), extra_of_type(255)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), gso(1460, PV_NETIF_GSO_TYPE_TCPV4, PV_NETIF_EXTRA_FLAG_MORE), gso(1460)}.last == Step::Broken);
}

TEST_CASE("a chain of extra_infos ends: each type comes once") {
  NetPacketDecoder packet;
  CHECK(packet.add(with_extras()) == Step::More);
  for (std::uint8_t type = 1; type < PV_NETIF_EXTRA_TYPE_MAX; ++type) {
    const auto slot = type == PV_NETIF_EXTRA_TYPE_GSO ? gso(1000, PV_NETIF_GSO_TYPE_TCPV4, PV_NETIF_EXTRA_FLAG_MORE)
                                                      : extra_of_type(type, PV_NETIF_EXTRA_FLAG_MORE);
    CHECK(packet.add(slot) == Step::More);
  }
  CHECK(packet.add(extra_of_type(PV_NETIF_EXTRA_TYPE_HASH, PV_NETIF_EXTRA_FLAG_MORE)) == Step::Broken);
}

TEST_CASE("what an extra_info asks for and is not offered refuses the packet") {
  for (const int type : {PV_NETIF_EXTRA_TYPE_MCAST_ADD, PV_NETIF_EXTRA_TYPE_MCAST_DEL, PV_NETIF_EXTRA_TYPE_HASH}) {
    const Decoded packet{with_extras(), extra_of_type(static_cast<std::uint8_t>(type))};
    CHECK(packet.last == Step::Done);
    CHECK(packet.packet.is_refused());
  }
  const Decoded ipv6{with_extras(), gso(1460, PV_NETIF_GSO_TYPE_TCPV6)};
  CHECK(ipv6.last == Step::Done);
  CHECK(ipv6.packet.is_refused());
}

TEST_CASE("segments of no size or of an unknown type break the ring; any other size is one") {
  CHECK(Decoded{with_extras(), gso(0)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), gso(1460, PV_NETIF_GSO_TYPE_NONE)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), gso(1460, 255)}.last == Step::Broken);
  CHECK(Decoded{with_extras(), gso(1)}.packet.segment_size() == 1);
  CHECK(Decoded{with_extras(), gso(0xffff)}.packet.segment_size() == 0xffff);
}
