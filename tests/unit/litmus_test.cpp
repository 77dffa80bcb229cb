// SPDX-License-Identifier: MIT
// Memory order between the monitor that raises events and a guest that takes them, on two threads. The guest side is the
// receiving protocol of pvabi/shared_info.h written with atomics; run it under ThreadSanitizer as well.
#include <doctest/doctest.h>

#include <atomic>
#include <bit>
#include <cstddef>
#include <thread>

#include "core/shared_info.hpp"
#include "pvabi/shared_info.h"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr int kRounds = 200'000;
constexpr VcpuId kVcpu{0};
constexpr Port kPort{75};

/// The guest's view of the same page.
class Guest {
 public:
  explicit Guest(std::byte* page) : page_(page) {}

  /// Steps 1 to 3 of receiving: how often the port was taken (0 or 1).
  int take() {
    if (byte(offsetof(pv_vcpu_info, evtchn_upcall_pending)).exchange(0) == 0) return 0;
    int taken = 0;
    for (std::uint64_t words = word(offsetof(pv_vcpu_info, evtchn_pending_sel)).exchange(0); words != 0; words &= words - 1) {
      const std::size_t index = static_cast<std::size_t>(std::countr_zero(words)) * 8;
      const std::uint64_t masked = word(offsetof(pv_shared_info, evtchn_mask) + index).load();
      auto pending = word(offsetof(pv_shared_info, evtchn_pending) + index);
      for (std::uint64_t bits = pending.load() & ~masked; bits != 0; bits &= bits - 1) {
        pending.fetch_and(~(bits & (~bits + 1)));
        ++taken;
      }
    }
    return taken;
  }

  std::atomic_ref<std::uint64_t> word(std::size_t offset) { return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(page_ + offset)); }
  std::atomic_ref<std::uint8_t> byte(std::size_t offset) { return std::atomic_ref(*reinterpret_cast<std::uint8_t*>(page_ + offset)); }

 private:
  std::byte* page_;
};

struct Fixture {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(1);
  SharedInfo info{SharedPage{ram, ram->page(0).data()}};
  Guest guest{ram->page(0).data()};
  /// The sender counts its messages here first, as a ring's producer index would be written before its event.
  std::atomic<int> produced{0};
  std::atomic<bool> sender_done{false};
  Fixture() { info.initialise(1); }
};

}  // namespace

TEST_CASE("No event is lost between a raising monitor and a guest that takes events as the protocol says") {
  Fixture f;
  std::thread sender([&] {
    for (int i = 1; i <= kRounds; ++i) {
      f.produced.store(i, std::memory_order_relaxed);
      static_cast<void>(f.info.raise(kPort, kVcpu));
    }
    f.sender_done = true;
  });
  // The guest looks at the counter only when an event told it to: a lost event shows as a counter never seen.
  int seen = 0;
  const auto serve = [&] {
    if (f.guest.take() > 0) seen = f.produced.load(std::memory_order_relaxed);
  };
  while (!f.sender_done) serve();
  sender.join();
  serve();
  CHECK(seen == kRounds);
  CHECK_FALSE(f.info.is_pending(kPort));
}

TEST_CASE("An event raised while its port is being unmasked is seen by one side at least") {
  Fixture f;
  std::atomic<int> round{0};
  std::atomic<int> finished{0};
  std::thread sender([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (round.load() < i) std::this_thread::yield();
      static_cast<void>(f.info.raise(kPort, kVcpu));
      finished.store(i);
    }
  });
  int lost = 0;
  const std::size_t mask_word = offsetof(pv_shared_info, evtchn_mask) + kPort.value() / 64 * 8;
  const std::size_t pending_word = offsetof(pv_shared_info, evtchn_pending) + kPort.value() / 64 * 8;
  const std::uint64_t bit = std::uint64_t{1} << (kPort.value() % 64);
  for (int i = 1; i <= kRounds; ++i) {
    f.info.mask(kPort);
    round.store(i);
    // The guest unmasks by a locked instruction and then looks; the monitor marks and then looks at the mask.
    f.guest.word(mask_word).fetch_and(~bit);
    const bool guest_saw = (f.guest.word(pending_word).load() & bit) != 0;
    while (finished.load() < i) std::this_thread::yield();
    const bool upcall = f.guest.byte(offsetof(pv_vcpu_info, evtchn_upcall_pending)).load() != 0;
    if (!guest_saw && !upcall) ++lost;
    f.guest.word(pending_word).fetch_and(~bit);
    f.guest.word(offsetof(pv_vcpu_info, evtchn_pending_sel)).store(0);
    f.guest.byte(offsetof(pv_vcpu_info, evtchn_upcall_pending)).store(0);
  }
  sender.join();
  CHECK(lost == 0);
}

TEST_CASE("A guest that unmasks upcalls by an exchange, or the monitor that looks at the mask, sees the upcall") {
  Fixture f;
  std::atomic<int> round{0};
  std::atomic<int> finished{0};
  bool monitor_saw = false;  // ordered by `finished`
  std::thread sender([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (round.load() < i) std::this_thread::yield();
      static_cast<void>(f.info.raise(kPort, kVcpu));
      monitor_saw = f.info.upcall_due(kVcpu);
      finished.store(i);
    }
  });
  int lost = 0;
  for (int i = 1; i <= kRounds; ++i) {
    f.guest.byte(offsetof(pv_vcpu_info, evtchn_upcall_mask)).store(1);
    round.store(i);
    f.guest.byte(offsetof(pv_vcpu_info, evtchn_upcall_mask)).exchange(0);
    const bool guest_saw = f.guest.byte(offsetof(pv_vcpu_info, evtchn_upcall_pending)).load() != 0;
    while (finished.load() < i) std::this_thread::yield();
    if (!guest_saw && !monitor_saw) ++lost;
    static_cast<void>(f.guest.take());
  }
  sender.join();
  CHECK(lost == 0);
}

TEST_CASE("A reader of the time scale never takes a mixture of two") {
  Fixture f;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint32_t i = 1; i <= kRounds; ++i) f.info.publish_time(kVcpu, {i, i, i, 0});
    done = true;
  });
  int mixed = 0;
  const std::size_t time = offsetof(pv_vcpu_info, time);
  const SharedPage page{f.ram, f.ram->page(0).data()};
  while (!done) {
    const auto version = page.load<std::uint32_t>(time + offsetof(pv_vcpu_time_info, version));
    const auto stamp = page.load<std::uint64_t>(time + offsetof(pv_vcpu_time_info, tsc_timestamp));
    const auto system = page.load<std::uint64_t>(time + offsetof(pv_vcpu_time_info, system_time));
    const auto again = page.load<std::uint32_t>(time + offsetof(pv_vcpu_time_info, version));
    if (version == again && version % 2 == 0 && stamp != system) ++mixed;
  }
  writer.join();
  CHECK(mixed == 0);
}
