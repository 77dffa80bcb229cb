// SPDX-License-Identifier: MIT
// The memory that a vCPU's process shares with the monitor, in the hands of a guest that writes to it what it likes, when it likes.
// The test plays the process: the real one stands still, or runs on in the middle of it.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <random>
#include <thread>

#include "shim/vcpu_page.hpp"
#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;
using Does = ProcessGuest::Does;

namespace {

/// A vCPU that has been run, whose process stands still.
struct Played {
  VcpuProcesses processes;
  ProcessGuest guest{processes};
  Played() {
    guest.hold();
    guest.run();
  }
  /// Hands over as a stub does.
  const Exit* says(std::uint32_t kind, std::initializer_list<std::uint64_t> args = {}) {
    HandOff& hand_off = guest.area().hand_off;
    if (!guest.vcpu->is_running()) guest.run(0);
    hand_off.kind = kind;
    std::copy(args.begin(), args.end(), hand_off.args);
    __atomic_store_n(&hand_off.turn, kMonitorsTurn, __ATOMIC_RELEASE);
    return guest.vcpu->take_exit();
  }
};

class AnyPorts final : public PostedSends {
  void on_posted(std::uint32_t port) override { CHECK(port < kPorts); }
};

/// Writes over a vCPU's area from another thread.
class Noise {
 public:
  Noise(VcpuArea& area, std::uint64_t seed) : thread_([this, &area, seed] { make(area, seed); }) {}
  ~Noise() {
    stop_ = true;
    thread_.join();
  }
  Noise(const Noise&) = delete;
  Noise& operator=(const Noise&) = delete;

 private:
  void make(VcpuArea& area, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto* words = reinterpret_cast<std::uint64_t*>(&area);
    while (!stop_) {
      // Half of the writes go where the two sides talk, and often say something that could be true.
      const std::uint64_t dice = random();
      if ((dice & 1) != 0) __atomic_store_n(&area.hand_off.turn, static_cast<std::uint32_t>(dice >> 1 & 1), __ATOMIC_RELAXED);
      if ((dice & 2) != 0) __atomic_store_n(&area.hand_off.kind, static_cast<std::uint32_t>(random() % 70), __ATOMIC_RELAXED);
      const std::uint64_t at = (dice & 4) != 0 ? offsetof(VcpuArea, hand_off) / 8 + random() % 64 : random() % (sizeof area / 8);
      __atomic_store_n(&words[at], random() % 3 == 0 ? random() : random() % 128, __ATOMIC_RELAXED);
    }
  }
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("an exit of no kind that there is ends the vCPU, with words for it") {
  for (const std::uint32_t kind : {0U, 6U, 63U, 67U, 255U, 0x8000'0000U, 0xffff'ffffU}) {
    CAPTURE(kind);
    Played played;
    const Exit* exit = played.says(kind);
    REQUIRE(exit != nullptr);
    CHECK(std::get<DiedExit>(*exit).reason == "its exit slot holds nonsense");
  }
}

TEST_CASE("whatever stands beside an exit's kind is passed on as the guest's word, or has words for it") {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  Played played;
  const auto* call = std::get_if<HypercallExit>(played.says(shim::kExitHypercall, {kAll, 1, kAll, 3, kAll}));
  REQUIRE(call != nullptr);
  CHECK(call->args == std::array<std::uint64_t, 5>{kAll, 1, kAll, 3, kAll});
  const auto* fault = std::get_if<FaultExit>(played.says(shim::kExitFault, {kAll, kAll, kAll}));
  REQUIRE(fault != nullptr);
  CHECK(fault->vector == 255);
  CHECK(std::holds_alternative<PreemptedExit>(*played.says(shim::kExitPreempted)));
  for (const std::uint32_t kind : {+shim::kExitDied, +kExitSetupFailed, +kExitViewRefused}) {
    for (const std::uint64_t why : {std::uint64_t{0}, std::uint64_t{77}, kAll}) {
      CAPTURE(kind);
      CAPTURE(why);
      const auto* died = std::get_if<DiedExit>(played.says(kind, {why, why}));
      REQUIRE(died != nullptr);
      CHECK(!died->reason.empty());
    }
  }
}

TEST_CASE("a process that for ever wants more to map costs one answer at a look, and is stopped like any other") {
  Played played;
  for (int look = 0; look < 10'000; ++look) CHECK(played.says(kExitMoreViews) == nullptr);
  CHECK(played.guest.area().hand_off.turn == kGuestsTurn);
  __atomic_store_n(&played.guest.area().hand_off.turn, kMonitorsTurn, __ATOMIC_RELEASE);
  CHECK(played.guest.vcpu->stop());
  CHECK(played.guest.vcpu->take_exit() == nullptr);
}

TEST_CASE("a count of views that the guest writes is nothing that the monitor reads") {
  Played played;
  for (const std::uint32_t count : {1U, kViewsAtOnce, kViewsAtOnce + 1, 0x7fff'ffffU, 0xffff'ffffU}) {
    played.guest.area().views = count;
    std::memset(played.guest.area().view, 0xff, sizeof played.guest.area().view);
    CHECK(played.says(kExitMoreViews) == nullptr);
  }
  CHECK(played.guest.space->show_nothing(ProcessGuest::kFree));
}

TEST_CASE("registers are told as the guest left them, and a stack that is nowhere is not followed") {
  Played played;
  shim::VcpuPage& page = played.guest.area().page;
  page.return_kind = shim::kReturnFast;
  const std::uint64_t top = played.guest.address(played.guest.space->pages());
  for (const std::uint64_t rsp : {std::uint64_t{0}, ~std::uint64_t{0}, top, top - 7, played.guest.address(0) - 1, kStubAddress, std::uint64_t{1} << 63}) {
    CAPTURE(rsp);
    page.frame.rsp = rsp;
    CHECK(played.guest.vcpu->registers().rsp == rsp);
  }
  page.frame.rsp = top - 8;
  CHECK(played.guest.vcpu->registers().rsp == top);
}

TEST_CASE("noise all over the area, while the monitor runs, stops, kicks and asks, hurts nobody else") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  std::mt19937 random(1);
  AnyPorts posted;
  for (std::uint64_t round = 0; round < 12; ++round) {
    CAPTURE(round);
    ProcessGuest guest(processes);
    guest.begin(round % 2 == 0 ? Does::Spin : Does::Nothing);
    const Noise noise(guest.area(), round);
    bool maps = false;
    for (int step = 0; step < 300; ++step) {
      if (!guest.vcpu->is_running()) guest.run(step);
      switch (random() % 8) {
        case 0: guest.vcpu->stop(); break;
        case 1: guest.vcpu->kick(); break;
        case 2: (void)guest.vcpu->registers(); break;
        case 6: guest.vcpu->take_posted(posted); break;
        case 3: processes.set_sleeping(step % 2 == 0); break;
        case 4: for (const int fd : processes.wait_fds()) processes.serve(fd); break;
        case 5:
          if (step % 10 != 0) break;
          if (maps) guest.space->unmap_foreign(ProcessGuest::kFree);
          if (!maps) REQUIRE(guest.space->map_foreign(ProcessGuest::kFree, *victim.space, ProcessGuest::kFree, FrameAccess::ReadWrite));
          maps = !maps;
          break;
        default: (void)guest.vcpu->take_exit();
      }
    }
    if (maps) guest.space->unmap_foreign(ProcessGuest::kFree);
    CHECK(victim.gate(SYS_getpid) == ProcessGuest::kRefused);
  }
}
