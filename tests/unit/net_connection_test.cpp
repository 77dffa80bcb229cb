// SPDX-License-Identifier: MIT
// The data path of the network interface against correct and hostile front ends.
#include "devices/net/net_connection.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/ip_frames.hpp"
#include "support/net_test_world.hpp"

using namespace pvisor;

namespace {

constexpr int kOkay = PV_NETIF_RSP_OKAY;
constexpr int kError = PV_NETIF_RSP_ERROR;
constexpr int kNull = PV_NETIF_RSP_NULL;

using Statuses = std::vector<int>;

}  // namespace

TEST_CASE_FIXTURE(SwitchWorld, "a frame from one guest is in the pages of the other, and both hear of it") {
  guest(2).post(1);
  guest(2).ring_up();
  const auto before = guest(2).guest.notifications();
  const std::string frame = test_frame(test_mac(2), test_mac(1), 60);
  guest(1).send(frame);
  CHECK(guest(1).statuses() == Statuses{kOkay});
  const auto got = guest(2).received();
  REQUIRE(got.size() == 1);
  CHECK(got[0].bytes == frame);
  CHECK(got[0].flags == 0);
  CHECK(guest(2).guest.notifications() == before + 1);
  CHECK(guest(3).received().empty());
}

TEST_CASE_FIXTURE(SwitchWorld, "frames of every size arrive as they were sent, over as many pages as it takes") {
  for (const std::size_t size : {14UL, 15UL, 59UL, 1514UL, 4095UL, 4096UL, 4097UL, 8192UL, 65535UL}) {
    guest(2).post(17);
    guest(2).ring_up();
    const std::string frame = test_frame(test_mac(2), test_mac(1), size, static_cast<unsigned>(size));
    guest(1).send(frame);
    for (const int status : guest(1).statuses()) CHECK(status == kOkay);
    const auto got = guest(2).received();
    REQUIRE(got.size() == 1);
    CHECK((got[0].bytes == frame));
  }
}

TEST_CASE_FIXTURE(LonelyWorld, "a frame whose slots cut it anywhere is put together") {
  const std::string frame = test_frame(test_mac(2), test_mac(1), 60);
  for (std::uint16_t cut = 1; cut < 60; ++cut) {
    std::memcpy(guest.guest.page(TestGuest::kDataFrame), frame.data(), cut);
    std::memcpy(guest.guest.page(TestGuest::kDataFrame + 1) + 7, frame.data() + cut, 60U - cut);
    guest.put({TestGuest::kDataGrant, 0, PV_NETTXF_MORE_DATA, 1, 60});
    guest.put({TestGuest::kDataGrant + 1, 7, 0, 2, static_cast<std::uint16_t>(60 - cut)});
  }
  guest.ring_up();
  REQUIRE(sent.bytes.size() == 59);
  CHECK(sent.bytes.back() == frame);  // the pages hold the last cut
  CHECK(guest.interface.statistics().sent.frames == 59);
}

TEST_CASE_FIXTURE(LonelyWorld, "a frame of 60 bytes in 18 slots is put together, and one of 19 is refused") {
  const std::string frame = test_frame(test_mac(2), test_mac(1), 60);
  std::memcpy(guest.guest.page(TestGuest::kDataFrame), frame.data(), 60);
  for (const std::uint16_t slots : {std::uint16_t{18}, std::uint16_t{19}}) {
    guest.put({TestGuest::kDataGrant, 0, PV_NETTXF_MORE_DATA, 1, 60});
    const auto first = static_cast<std::uint16_t>(60 - 2 * (slots - 1));
    for (std::uint16_t i = 1; i < slots; ++i) {
      const std::uint16_t more = i + 1 < slots ? PV_NETTXF_MORE_DATA : 0;
      guest.put({TestGuest::kDataGrant, static_cast<std::uint16_t>(first + 2 * (i - 1)), more, i, 2});
    }
    guest.ring_up();
    CHECK(guest.statuses() == Statuses(slots, slots == 18 ? kOkay : kError));
  }
  REQUIRE(sent.bytes.size() == 1);
  CHECK(sent.bytes[0] == frame);
  CHECK(guest.interface.statistics().refused == 1);
}

TEST_CASE_FIXTURE(LonelyWorld, "a packet whose last slots are missing switches the device off") {
  guest.put({TestGuest::kDataGrant, 0, PV_NETTXF_MORE_DATA, 1, 100});
  guest.ring_up();
  CHECK(guest.why == "a packet without its last slots");
  CHECK(sent.bytes.empty());
  CHECK(guest.guest.grants.uses() == 0);
}

TEST_CASE_FIXTURE(LonelyWorld, "an extra_info in the last slot of the ring that says another follows switches the device off") {
  guest.put({TestGuest::kDataGrant, 0, PV_NETTXF_EXTRA_INFO, 1, 100});
  auto extra = NetTestGuest::test_gso(1000);
  extra.flags = PV_NETIF_EXTRA_FLAG_MORE;
  guest.put_extra(extra);
  guest.ring_up();
  CHECK(guest.why == "a packet without its last slots");
}

TEST_CASE_FIXTURE(LonelyWorld, "frames before a broken packet are sent, those after it are not") {
  guest.put_frame(test_frame(test_mac(2), test_mac(1), 60, 1));
  guest.put({TestGuest::kDataGrant, 4090, 0, 1, 60});
  guest.put_frame(test_frame(test_mac(2), test_mac(1), 60, 2));
  guest.ring_up();
  CHECK(sent.bytes.size() == 1);
  CHECK(guest.why == "a part that leaves its page");
}

TEST_CASE_FIXTURE(LonelyWorld, "an impossible tx index switches the device off and nothing is consumed") {
  guest.tx_produced = PV_NETIF_TX_RING_ENTRIES + 1;
  guest.ring_up();
  CHECK(guest.why == "the tx ring's request index is impossible");
  CHECK(sent.bytes.empty());
}

TEST_CASE_FIXTURE(LonelyWorld, "an exactly full tx ring is served, also when its indices wrap") {
  guest.tx_produced = guest.tx_consumed = 0xffff'fff0U;
  guest.tx().header.req_prod = guest.tx().header.rsp_prod = guest.tx_produced;
  guest.tx().header.rsp_event = guest.tx_produced + 1;
  guest.connect();
  for (unsigned i = 0; i < PV_NETIF_TX_RING_ENTRIES; ++i) guest.put_frame(test_frame(test_mac(2), test_mac(1), 60));
  guest.ring_up();
  CHECK(sent.bytes.size() == PV_NETIF_TX_RING_ENTRIES);
  CHECK(guest.statuses() == Statuses(PV_NETIF_TX_RING_ENTRIES, kOkay));
}

TEST_CASE_FIXTURE(LonelyWorld, "a bad grant in any part refuses the packet and gives all grants back") {
  const auto before = guest.guest.grants.uses();
  guest.guest.grant(60, TestGuest::kDataFrame, PV_GTF_PERMIT_ACCESS, 3);  // another domain's
  for (std::uint32_t bad = 0; bad < 4; ++bad) {
    for (const std::uint32_t gref : {0U, 60U, 500U, 512U, 0xffff'ffffU}) {
      for (std::uint32_t i = 0; i < 4; ++i) {
        const std::uint16_t more = i < 3 ? PV_NETTXF_MORE_DATA : 0;
        guest.put({i == bad ? gref : TestGuest::kDataGrant + i, 0, more, static_cast<std::uint16_t>(i), i == 0 ? std::uint16_t{100} : std::uint16_t{20}});
      }
      guest.ring_up();
      CHECK(guest.statuses() == Statuses(4, kError));
      CHECK(guest.guest.grants.uses() == before);
    }
  }
  CHECK(sent.bytes.empty());
  CHECK(guest.interface.statistics().refused == 20);
  guest.send(test_frame(test_mac(2), test_mac(1), 60));  // and it goes on
  CHECK(sent.bytes.size() == 1);
}

TEST_CASE_FIXTURE(LonelyWorld, "what a part of no length names is not looked at") {
  const std::string frame = test_frame(test_mac(2), test_mac(1), 60);
  std::memcpy(guest.guest.page(TestGuest::kDataFrame), frame.data(), 60);
  guest.put({TestGuest::kDataGrant, 0, PV_NETTXF_MORE_DATA, 1, 60});
  guest.put({0xffff'ffff, 0, PV_NETTXF_MORE_DATA, 2, 0});
  guest.put({0, 4096, 0, 3, 0});
  guest.ring_up();
  CHECK(guest.statuses() == Statuses(3, kOkay));
  REQUIRE(sent.bytes.size() == 1);
  CHECK(sent.bytes[0] == frame);
}

TEST_CASE_FIXTURE(SwitchWorld, "segments and a blank checksum reach a peer as they were said") {
  guest(2).post(4);
  guest(2).ring_up();
  const std::string frame = IpFrame{.payload = 5000}.bytes();
  guest(1).send(frame, PV_NETTXF_CSUM_BLANK | PV_NETTXF_DATA_VALIDATED, 1460);
  CHECK(guest(1).statuses() == Statuses{kOkay, kNull, kOkay});
  const auto got = guest(2).received();
  REQUIRE(got.size() == 1);
  CHECK((got[0].bytes == frame));
  CHECK(got[0].gso == 1460);
  CHECK((got[0].flags & (PV_NETRXF_CSUM_BLANK | PV_NETRXF_DATA_VALIDATED)) == (PV_NETRXF_CSUM_BLANK | PV_NETRXF_DATA_VALIDATED));
}

TEST_CASE_FIXTURE(SwitchWorld, "a peer that takes neither segments nor blank checksums gets frames as on a wire") {
  guest(2).set_abilities({.scatter = false});
  guest(2).post(4);
  guest(2).ring_up();
  guest(1).send(IpFrame{.payload = 4000}.bytes(), PV_NETTXF_CSUM_BLANK, 1460);
  CHECK(guest(1).statuses() == Statuses{kOkay, kNull});
  const auto got = guest(2).received();
  REQUIRE(got.size() == 3);
  for (const auto& frame : got) {
    CHECK(frame.gso == 0);
    CHECK(frame.flags == PV_NETRXF_DATA_VALIDATED);
    CHECK(IpFrame::checksum_in(frame.bytes) == IpFrame::right_checksum(frame.bytes));
  }
}

TEST_CASE_FIXTURE(LonelyWorld, "what is left to be done with a frame and cannot be is refused") {
  guest.send(test_frame(test_mac(2), test_mac(1), 60), PV_NETTXF_CSUM_BLANK);
  CHECK(guest.statuses() == Statuses{kError});
  guest.send(IpFrame{.is_tcp = false, .payload = 3000}.bytes(), PV_NETTXF_CSUM_BLANK, 1000);
  CHECK(guest.statuses() == Statuses{kError, kNull});
  CHECK(sent.bytes.empty());
  CHECK(guest.interface.statistics().refused == 2);
}

TEST_CASE_FIXTURE(SwitchWorld, "a frame that finds no page waits for one, and the guest is asked for as many as it needs") {
  const std::string frame = test_frame(test_mac(2), test_mac(1), 6000);
  guest(2).post(1);
  guest(2).ring_up();
  guest(1).send(frame);
  CHECK(guest(2).received().empty());
  CHECK(guest(2).rx().header.req_event == 2);
  guest(2).post(1);
  guest(2).ring_up();
  const auto got = guest(2).received();
  REQUIRE(got.size() == 1);
  CHECK((got[0].bytes == frame));
}

TEST_CASE_FIXTURE(SwitchWorld, "for a guest that posts nothing a bounded number of bytes waits, the rest is dropped, and traffic resumes") {
  for (int i = 0; i < 1000; ++i) guest(1).send(test_frame(test_mac(2), test_mac(1), 60000, static_cast<unsigned>(i)));
  const auto& statistics = guest(2).interface.statistics();
  CHECK(statistics.dropped == 1000 - NetReceiver::kMaxWaitingBytes / 60000);
  for (unsigned i = 0; i < 9; ++i) {
    guest(2).post(15);
    guest(2).ring_up();
    for (const auto& got : guest(2).received()) CHECK(got.bytes.size() == 60000);
  }
  CHECK(statistics.received.frames == NetReceiver::kMaxWaitingBytes / 60000);
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60, 9));
  CHECK(guest(2).received().size() == 1);
}

TEST_CASE_FIXTURE(SwitchWorld, "a guest that keeps one page posted while large frames come gets none of them, and loses only its own") {
  guest(2).post(1);
  guest(3).post(3);
  guest(2).ring_up();
  guest(3).ring_up();
  for (int i = 0; i < 100; ++i) guest(1).send(test_frame(test_mac(2), test_mac(1), 65535));
  CHECK(guest(2).received().empty());
  CHECK(guest(2).interface.statistics().dropped == 100 - NetReceiver::kMaxWaitingBytes / 65535);
  guest(1).send(test_frame(test_mac(3), test_mac(1), 60));
  CHECK(guest(3).received().size() == 1);
}

TEST_CASE_FIXTURE(SwitchWorld, "small frames that wait are bounded in number, too") {
  for (unsigned i = 0; i < 2000; ++i) guest(1).send(test_frame(test_mac(2), test_mac(1), 14));
  CHECK(guest(2).interface.statistics().dropped == 2000 - NetReceiver::kMaxWaitingFrames);
}

TEST_CASE_FIXTURE(SwitchWorld, "a page that cannot be written fails its own frame, and the next one arrives") {
  auto& peer = guest(2);
  peer.guest.grant(60, TestGuest::kDataFrame + 30, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY);
  peer.guest.grant(61, TestGuest::kDataFrame + 30, PV_GTF_PERMIT_ACCESS, 3);
  for (const std::uint32_t gref : {0U, 60U, 61U, 0xffff'ffffU}) {
    peer.post(2);
    peer.rx().ring[(peer.rx_produced - 2) % PV_NETIF_RX_RING_ENTRIES].req.gref = gref;
    peer.ring_up();
    guest(1).send(test_frame(test_mac(2), test_mac(1), 60, 1));
    guest(1).send(test_frame(test_mac(2), test_mac(1), 60, 2));
    const auto got = peer.received();
    REQUIRE(got.size() == 2);
    CHECK(!got[0].is_whole);
    CHECK(got[1].bytes == test_frame(test_mac(2), test_mac(1), 60, 2));
  }
  CHECK(peer.interface.statistics().dropped == 4);
}

TEST_CASE_FIXTURE(SwitchWorld, "a receiver whose rx index is impossible is switched off in its own turn, and the sender goes on") {
  guest(2).rx().header.req_prod = PV_NETIF_RX_RING_ENTRIES + 1;
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60));
  CHECK(guest(1).statuses() == Statuses{kOkay});
  CHECK(guest(2).connection != nullptr);
  guest(2).guest.run();
  CHECK(guest(2).why == "the rx ring's request index is impossible");
  CHECK(guest(2).connection == nullptr);
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60));
  CHECK(guest(1).statuses() == Statuses{kOkay});
}

TEST_CASE_FIXTURE(SwitchWorld, "a guest that leaves while frames wait for it takes them along") {
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60));
  guest(2).connection.reset();
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60));
  guest(2).connect();
  guest(2).post(4);
  guest(2).ring_up();
  CHECK(guest(2).received().empty());
  guest(1).send(test_frame(test_mac(2), test_mac(1), 60, 3));
  CHECK(guest(2).received().size() == 1);
}

TEST_CASE_FIXTURE(SwitchWorld, "rings that are one page, no grants, or taken already are refused with what is wrong") {
  auto& other = guest(1);
  std::string error;
  const auto open = [&](std::uint32_t tx, std::uint32_t rx, Port port) {
    error.clear();
    const NetSetup setup{DomainId(7), other.guest.grants, other.guest.events, other.guest.work, other.ring_pages, *room, other.interface, {}};
    return NetConnection::open(setup, {GrantRef(tx), GrantRef(rx), port, {}}, error) != nullptr;
  };
  constexpr auto kTx = TestGuest::kRingGrant;
  constexpr auto kRx = NetTestGuest::kRxRingGrant;
  CHECK(!open(kTx, kRx, other.guest.port));
  CHECK(error == "tx-ring-ref 8 is a page that another device uses as its ring");
  other.connection.reset();
  CHECK(!open(kTx, kTx, other.guest.port));
  CHECK(error == "rx-ring-ref 8 is a page that another device uses as its ring");
  CHECK(!open(0, kRx, other.guest.port));
  CHECK(error.starts_with("tx-ring-ref 0 is no writable grant"));
  CHECK(!open(kTx, kRx, Port(77)));
  CHECK(error == "event-channel 77 is no port allocated for domain 0");
  other.rx().header.req_prod = 1000;
  CHECK(!open(kTx, kRx, other.guest.port));
  CHECK(error == "the indices in the rx ring contradict each other");
  other.rx().header.req_prod = 0;
  CHECK(other.ring_pages.size() == 0);
  CHECK(other.guest.grants.uses() == 0);
  CHECK(open(kTx, kRx, other.guest.port));
}
