// SPDX-License-Identifier: MIT
// Checksums and segments that a sender leaves to others.
#include "devices/net/net_offload.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "devices/net/frame_headers.hpp"
#include "support/ip_frames.hpp"

using namespace pvisor;

namespace {

constexpr NetAbilities kNone{.scatter = true};
constexpr NetAbilities kAll{true, true, true, true};

/// A frame of a guest's on its way to somebody.
struct Sent {
  std::string bytes;
  NetFrame frame;
  bool is_good;

  explicit Sent(std::string text, bool blank = true, std::uint16_t segment_size = 0) : bytes(std::move(text)) {
    frame = {std::as_bytes(std::span(bytes)), blank, blank, segment_size};
    is_good = check_offload(std::as_writable_bytes(std::span(bytes)), frame);
  }
  std::vector<std::string> adapted(const NetAbilities& abilities, std::vector<NetFrame>* frames = nullptr) const {
    const auto room = std::make_unique<NetScratch>();
    NetOffload offload(*room);
    std::vector<std::string> out;
    offload.adapt(frame, abilities, [&](const NetFrame& one) {
      out.emplace_back(reinterpret_cast<const char*>(one.bytes.data()), one.bytes.size());
      if (frames != nullptr) frames->push_back(one);
    });
    return out;
  }
};

std::uint32_t sequence_of(const std::string& frame) { return be16_at(frame, 38) << 16 | be16_at(frame, 40); }

}  // namespace

TEST_CASE("a blank checksum is filled in for who does not take it, of TCP and UDP, over IPv4 and IPv6, odd and even") {
  for (const bool ipv6 : {false, true}) {
    for (const bool tcp : {false, true}) {
      for (const std::size_t payload : {0UL, 1UL, 2UL, 3UL, 100UL, 1001UL, 9000UL}) {
        const Sent sent(IpFrame{.is_ipv6 = ipv6, .is_tcp = tcp, .payload = payload, .padding = payload == 0 ? 26U : 0U}.bytes());
        REQUIRE(sent.is_good);
        std::vector<NetFrame> frames;
        const auto got = sent.adapted(kNone, &frames);
        REQUIRE(got.size() == 1);
        CHECK(got[0].size() == sent.bytes.size());
        CHECK(IpFrame::checksum_in(got[0]) == IpFrame::right_checksum(sent.bytes));
        CHECK(!frames[0].checksum_blank);
      }
    }
  }
}

TEST_CASE("a UDP checksum that comes out as 0 is sent as ffff") {
  IpFrame udp{.is_tcp = false, .payload = 2};
  std::string frame = udp.bytes();
  frame[42] = frame[43] = '\0';
  const unsigned rest = IpFrame::right_checksum(frame);  // a payload of this number makes the sum all ones
  frame[42] = static_cast<char>(rest >> 8);
  frame[43] = static_cast<char>(rest & 0xff);
  CHECK(IpFrame::checksum_in(Sent(frame).adapted(kNone).at(0)) == 0xffff);
}

TEST_CASE("who takes blank checksums gets the frame as it was sent, and each kind counts by itself") {
  for (const bool ipv6 : {false, true}) {
    const Sent sent(IpFrame{.is_ipv6 = ipv6}.bytes());
    CHECK(sent.adapted(kAll).at(0) == sent.bytes);
    CHECK((sent.adapted({true, true, false, false}).at(0) == sent.bytes) == !ipv6);
    CHECK((sent.adapted({true, false, true, false}).at(0) == sent.bytes) == ipv6);
  }
}

TEST_CASE("TCP is cut into segments whose sum is the whole, with their own numbers and checksums") {
  for (const std::size_t payload : {1001UL, 2000UL, 2001UL, 60000UL}) {
    const Sent sent(IpFrame{.payload = payload, .tcp_flags = 0x99}.bytes(), true, 1000);  // reduced window, ack, push, fin
    REQUIRE(sent.is_good);
    const auto segments = sent.adapted({true, true, true, false});
    CHECK(segments.size() == (payload + 999) / 1000);
    std::string joined;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string& segment = segments[i];
      const bool is_last = i + 1 == segments.size();
      CHECK(be16_at(segment, 16) == segment.size() - 14);
      CHECK(be16_at(segment, 18) == ((be16_at(sent.bytes, 18) + i) & 0xffff));
      CHECK(IpFrame::has_right_ipv4_header(segment));
      CHECK(IpFrame::checksum_in(segment) == IpFrame::right_checksum(segment));
      CHECK(sequence_of(segment) == static_cast<std::uint32_t>(sequence_of(sent.bytes) + i * 1000));
      CHECK(static_cast<unsigned>(static_cast<std::uint8_t>(segment[47])) == (0x10U | (is_last ? 0x09U : 0U) | (i == 0 ? 0x80U : 0U)));
      joined += segment.substr(54);
    }
    CHECK((joined == sent.bytes.substr(54)));
  }
}

TEST_CASE("who takes segments gets the frame whole, with a blank checksum even if the sender filled it in") {
  const Sent sent(IpFrame{.payload = 5000}.bytes(), false, 1460);
  REQUIRE(sent.is_good);
  CHECK(sent.frame.checksum_blank);
  CHECK(sent.frame.segment_size == 1460);
  CHECK((sent.adapted(kAll).at(0) == sent.bytes));
  CHECK(IpFrame::checksum_in(sent.adapted(kNone).at(0)) == IpFrame::right_checksum(sent.adapted(kNone).at(0)));
}

TEST_CASE("what fits into one segment is a plain frame") {
  const Sent sent(IpFrame{.payload = 1460}.bytes(), true, 1460);
  REQUIRE(sent.is_good);
  CHECK(sent.frame.segment_size == 0);
}

TEST_CASE("segments of what is no TCP over IPv4, and more than anybody needs, are refused") {
  CHECK(!Sent(IpFrame{.is_tcp = false, .payload = 3000}.bytes(), true, 1000).is_good);
  CHECK(!Sent(IpFrame{.is_ipv6 = true, .payload = 3000}.bytes(), true, 1000).is_good);
  CHECK(!Sent(test_frame(test_mac(2), test_mac(1), 3000), true, 1000).is_good);
  CHECK(Sent(IpFrame{.payload = kMaxSegments * 10}.bytes(), true, 10).is_good);
  CHECK(!Sent(IpFrame{.payload = kMaxSegments * 10 + 1}.bytes(), true, 10).is_good);
  CHECK(!Sent(IpFrame{.payload = 60000}.bytes(), true, 1).is_good);
}

TEST_CASE("a blank checksum in what has none, or whose headers lie about their length, is refused") {
  CHECK(!Sent(test_frame(test_mac(2), test_mac(1), 60)).is_good);
  CHECK(!Sent(test_frame(test_mac(2), test_mac(1), 14)).is_good);
  const auto changed = [](IpFrame frame, std::size_t at, unsigned byte) {
    std::string bytes = frame.bytes();
    bytes.at(at) = static_cast<char>(byte);
    return Sent(bytes).is_good;
  };
  CHECK(changed({}, 15, 0));            // changes nothing
  CHECK(!changed({}, 14, 0x44));        // header of 16 bytes
  CHECK(!changed({}, 14, 0x55));        // version 5
  CHECK(!changed({}, 16, 0xff));        // longer than the frame
  CHECK(!changed({}, 17, 20));          // shorter than its TCP header
  CHECK(!changed({}, 20, 0x20));        // more fragments follow
  CHECK(!changed({}, 21, 1));           // is a later fragment
  CHECK(!changed({}, 23, 1));           // ICMP
  CHECK(!changed({}, 46, 0x40));        // TCP header of 16 bytes
  CHECK(!changed({.payload = 10}, 46, 0xf0));  // of 60, beyond the end
  CHECK(!changed({.is_ipv6 = true}, 18, 0xff));
  CHECK(!changed({.is_ipv6 = true}, 20, 0));   // extension, whose header then leads into data
  CHECK(!changed({.is_ipv6 = true}, 20, 44));  // a fragment
  CHECK(!changed({.is_tcp = false, .payload = 0}, 17, 27));
}

TEST_CASE("a VLAN's tag stands before the headers, and nothing but headers is taken for them") {
  std::string frame = IpFrame{}.bytes();
  frame.insert(12, std::string("\x81\0\0\x05", 4));
  const Sent sent(frame);
  REQUIRE(sent.is_good);
  std::string without = sent.adapted(kNone).at(0);
  without.erase(12, 4);
  CHECK(IpFrame::checksum_in(without) == IpFrame::right_checksum(without));
}

TEST_CASE("random changes of a frame never make more than its own segments") {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string frame = IpFrame{.is_ipv6 = i % 5 == 0, .is_tcp = i % 3 != 0, .payload = random() % 3000}.bytes();
    for (int change = 0; change < 3; ++change) frame[12 + random() % std::min<std::size_t>(50, frame.size() - 12)] = static_cast<char>(random());
    if (random() % 2 != 0) frame.resize(14 + random() % (frame.size() - 14));
    const Sent sent(frame, random() % 2 != 0, static_cast<std::uint16_t>(random() % 1500));
    if (!sent.is_good) continue;
    std::size_t total = 0;
    const auto out = sent.adapted(kNone);
    for (const auto& one : out) total += one.size();
    CHECK(out.size() <= kMaxSegments);
    CHECK(total <= frame.size() + out.size() * 150);
  }
}
