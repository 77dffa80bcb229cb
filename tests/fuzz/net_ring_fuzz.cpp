// SPDX-License-Identifier: MIT
// Both network rings against a front end that writes whatever it likes wherever it likes: slots, extras, indices, grants, in memory
// that also changes after each look. Its frames come back to it through rings of the same kind. Whatever is handed on is a frame
// whose offload can be done; what waits for the guest is bounded; and in the end nothing is held.
#include <cstring>
#include <memory>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "support/changing_memory.hpp"
#include "support/ip_frames.hpp"
#include "support/net_test_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint32_t kGrantSlots = 128;  ///< entries that the fuzzer rewrites; the guest's own lie among them

/// Judges a frame and sends it back, as it came and with nothing left to do.
class Mirror final : public NetLink {
 public:
  Mirror(NetSide& side, NetScratch& room) : side_(side), offload_(room) {}
  [[nodiscard]] bool send(const NetFrame& frame) override {
    FUZZ_REQUIRE(frame.bytes.size() >= kEthernetHeader && frame.bytes.size() <= kMaxFrame);
    std::size_t pieces = 0;
    offload_.adapt(frame, {.scatter = true}, [&](const NetFrame& plain) {
      FUZZ_REQUIRE(!plain.checksum_blank && plain.segment_size == 0 && plain.bytes.size() <= frame.bytes.size());
      ++pieces;
    });
    FUZZ_REQUIRE(pieces >= 1 && pieces <= kMaxSegments);
    side_.receive(frame);
    return true;
  }
  void flush() override { side_.flush(); }

 private:
  NetSide& side_;
  NetOffload offload_;
};

struct Run {
  static NetRoom& room() {
    static const auto room = std::make_unique<NetRoom>();
    return *room;
  }

  NetTestGuest guest{room(), test_mac(1), [](NetSide& side) { return std::make_unique<Mirror>(side, room().adapted); }};
  ChangingMemory memory;

  Run() {
    memory.spare(guest.guest.ram->page(TestGuest::kRamPages + 1));
    memory.spare(guest.guest.ram->page(TestGuest::kRingFrame).first(PV_RING_HEADER_SIZE));
    memory.spare(guest.guest.ram->page(NetTestGuest::kRxRingFrame).first(PV_RING_HEADER_SIZE));
  }
  void turn() {
    memory.begin_request();
    guest.guest.work.run_turn();
  }
  void put(FuzzInput& input) {
    if (input.below(4) == 0) {
      pv_netif_tx_request raw{};
      const auto bytes = input.take_bytes(sizeof raw);
      if (!bytes.empty()) std::memcpy(&raw, bytes.data(), bytes.size());
      return guest.put(raw);
    }
    const auto flags = static_cast<std::uint16_t>(input.below(16));
    const auto offset = static_cast<std::uint16_t>(input.below(2) * 4000);
    const auto size = static_cast<std::uint16_t>(input.below(2) == 0 ? input.take<std::uint8_t>() : input.take<std::uint16_t>());
    guest.put({static_cast<std::uint32_t>(input.below(kGrantSlots)), offset, flags, static_cast<std::uint16_t>(guest.tx_produced), size});
  }
  void put_extra(FuzzInput& input) {
    auto extra = NetTestGuest::test_gso(input.take<std::uint16_t>(), static_cast<std::uint8_t>(input.below(4)));
    extra.type = static_cast<std::uint8_t>(input.below(7));
    extra.flags = static_cast<std::uint8_t>(input.below(2));
    guest.put_extra(extra);
  }
  /// One that a well-meaning guest could send, but for a byte.
  void put_ip(FuzzInput& input) {
    const std::size_t shape = input.below(4);
    const std::size_t payload = input.take<std::uint16_t>() % 40'000;
    std::string frame = IpFrame{.is_ipv6 = (shape & 1) != 0, .is_tcp = (shape & 2) != 0, .payload = payload}.bytes();
    frame[12 + input.below(50) % (frame.size() - 12)] ^= static_cast<char>(input.below(256));
    guest.put_frame(frame, static_cast<std::uint16_t>(input.below(4)), static_cast<std::uint16_t>(input.below(8) * 300));
  }
  void step(FuzzInput& input) {
    switch (input.below(13)) {
      case 0: case 1: return put(input);
      case 2: return put_extra(input);
      case 3: return put_ip(input);
      case 4: guest.tx().header.req_prod = guest.tx_produced; (void)guest.guest.events.send(guest.guest.port); return;
      case 5: case 6: return turn();
      case 7: guest.post(static_cast<std::uint32_t>(input.below(40))); guest.rx().header.req_prod = guest.rx_produced; return;
      case 8: {
        const std::uint64_t frame = input.below(2) == 0 ? TestGuest::kDataFrame + input.below(64) : input.take<std::uint32_t>();
        return guest.guest.grant(static_cast<std::uint32_t>(input.below(kGrantSlots)), frame, input.take<std::uint8_t>(), static_cast<std::uint16_t>(input.below(2) * 5));
      }
      case 9: guest.tx_produced += static_cast<std::uint32_t>(input.below(2) == 0 ? input.below(40) : input.take<std::uint32_t>()); return;
      case 10: guest.rx_produced += static_cast<std::uint32_t>(input.below(2) == 0 ? input.below(40) : input.take<std::uint32_t>()); return;
      case 11: return guest.connect();
      default: {
        const auto offset = input.take<std::uint16_t>() % kPageSize;
        const auto frame = input.below(2) == 0 ? TestGuest::kRingFrame : NetTestGuest::kRxRingFrame;
        const auto bytes = input.take_bytes(std::min<std::size_t>(input.below(64), kPageSize - offset));
        if (!bytes.empty()) std::memcpy(guest.guest.page(frame) + offset, bytes.data(), bytes.size());
      }
    }
  }
  void end() {
    for (int turns = 0; !guest.guest.work.empty() && turns < 100; ++turns) turn();
    FUZZ_REQUIRE(guest.guest.work.empty() || guest.connection != nullptr);
    guest.connection.reset();
    FUZZ_REQUIRE(guest.guest.grants.uses() == 0);
    FUZZ_REQUIRE(guest.ring_pages.size() == 0);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FakeRam::is_kept = true;
  FuzzInput input(data, size);
  Run run;
  while (!input.is_used_up()) run.step(input);
  run.end();
  return 0;
}
