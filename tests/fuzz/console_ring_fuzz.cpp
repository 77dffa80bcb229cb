// SPDX-License-Identifier: MIT
// The console's page against a guest that writes any index and any byte, with a sink that takes as little as the fuzzer says. A
// model of twenty lines says what must have been shown; input arrives as it was typed, over new pages, too.
#include <cstdlib>
#include <memory>
#include <string>

#include "devices/console/console_ring.hpp"
#include "fuzz/fuzz_input.hpp"
#include "support/changing_memory.hpp"
#include "support/console_test_sink.hpp"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr std::size_t kOut = offsetof(pv_xencons_interface, out);
constexpr std::size_t kInCons = offsetof(pv_xencons_interface, in_cons);
constexpr std::size_t kInProd = offsetof(pv_xencons_interface, in_prod);
constexpr std::size_t kOutCons = offsetof(pv_xencons_interface, out_cons);
constexpr std::size_t kOutProd = offsetof(pv_xencons_interface, out_prod);

struct Run {
  explicit Run(const std::shared_ptr<FakeRam>& ram) : bytes(ram->page(0)), page(ram, bytes.data()) {
    memory.spare(bytes.subspan(kInCons));  // the indices
    start(0);
  }
  void start(std::uint32_t index) {
    std::memset(bytes.data(), 0, bytes.size());
    set(kOutCons, index);
    set(kOutProd, index);
    out_cons = index;
    ring.emplace(page);
    broken = false;
  }
  void set(std::size_t offset, std::uint32_t value) const { std::memcpy(&bytes[offset], &value, sizeof value); }
  [[nodiscard]] std::uint32_t get(std::size_t offset) const {
    std::uint32_t value = 0;
    std::memcpy(&value, &bytes[offset], sizeof value);
    return value;
  }
  /// What a pass must show: the bytes between the indices, if those are possible.
  [[nodiscard]] std::string in_ring() const {
    std::string text;
    if (get(kOutProd) - out_cons > PV_XENCONS_OUT_SIZE) return text;
    for (std::uint32_t at = out_cons; at != get(kOutProd); ++at) text += static_cast<char>(bytes[kOut + at % PV_XENCONS_OUT_SIZE]);
    return text;
  }
  void turn() {
    if (broken) return;
    const bool possible = get(kOutProd) - out_cons <= PV_XENCONS_OUT_SIZE;
    const std::string text = in_ring();
    const std::size_t before = sink.shown.size();
    memory.begin_request();
    broken = ring->run(console, ConsoleRing::Rest::StaysInRing).broken;
    FUZZ_REQUIRE(memory.second_fetches() == 0);
    FUZZ_REQUIRE(possible || broken);
    const std::size_t shown = sink.shown.size() - before;
    FUZZ_REQUIRE(shown <= text.size() && sink.shown.compare(before, shown, text, 0, shown) == 0);
    FUZZ_REQUIRE(shown == text.size() || sink.room == 0);
    out_cons += static_cast<std::uint32_t>(shown);
    if (possible) FUZZ_REQUIRE(get(kOutCons) == out_cons || text.empty());
  }
  void say(const std::string& text) const {
    std::uint32_t prod = get(kOutProd);
    for (const char c : text) bytes[kOut + prod++ % PV_XENCONS_OUT_SIZE] = static_cast<std::byte>(c);
    set(kOutProd, prod);
  }
  void step(FuzzInput& input) {
    switch (input.below(10)) {
      case 0: return say(std::string(input.take_text(input.below(64))));
      case 8: return say(std::string(input.take<std::uint16_t>() % 3000, 'x'));  // more than the ring holds, perhaps
      case 1: return turn();
      case 2: sink.room = input.take<std::uint16_t>(); return;
      case 3: {
        const auto typed = input.take_bytes(std::min(input.below(64), console.input_room()));
        return console.add_input(typed);
      }
      case 4: return set(kInCons, get(kInProd));  // the guest has read all
      case 5: return set(input.below(2) == 0 ? kOutProd : kInCons, input.take<std::uint32_t>());
      case 6: return set(input.below(2) == 0 ? kOutCons : kInProd, input.take<std::uint32_t>());  // ours
      case 7: {
        const auto offset = input.take<std::uint16_t>() % kInCons;
        const auto noise = input.take_bytes(std::min<std::size_t>(input.below(64), kInCons - offset));
        if (!noise.empty()) std::memcpy(&bytes[offset], noise.data(), noise.size());
        return;
      }
      default:
        memory.begin_request();
        ring->finish(console);
        sink.room = SIZE_MAX / 2;
        sink.give_room(0);  // the last words are shown
        FUZZ_REQUIRE(console.is_drained());
        return start(input.take<std::uint32_t>());
    }
  }

  ChangingMemory memory;
  std::span<std::byte> bytes;
  SharedPage page;
  FakeSink sink;
  Console console{sink, [](const std::string&) {}};
  std::optional<ConsoleRing> ring;
  std::uint32_t out_cons = 0;
  bool broken = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto ram = std::make_shared<FakeRam>(1);
  FuzzInput input(data, size);
  Run run(ram);
  while (!input.is_used_up()) run.step(input);
  return 0;
}
