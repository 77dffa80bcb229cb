// SPDX-License-Identifier: MIT
// What a vCPU's process is told to map: each frame that changed, once, as it is now; in as few pieces as can be, and in turns when they
// are too many for one.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <map>
#include <vector>

#include "shim/vcpu_page.hpp"
#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;

namespace {

constexpr std::uint64_t kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr std::uint64_t kSpecial = ProcessGuest::kPages;  // behind RAM

/// Plays the process, which stands still. It has mapped everything, and its vCPU does not run.
struct Listed {
  using Views = std::vector<View>;
  VcpuProcesses processes;
  ProcessGuest guest{processes};
  Listed() {
    guest.hold();
    (void)all_turns();
  }

  /// What the process is told when the vCPU runs again, in one turn or more; then that is taken off the CPU.
  std::vector<Views> all_turns() {
    std::vector<Views> turns;
    guest.run();
    while (guest.area().views != 0) {
      turns.emplace_back(guest.area().view, guest.area().view + guest.area().views);
      guest.area().views = 0;
      CHECK(says(kExitMoreViews) == nullptr);
    }
    CHECK(std::holds_alternative<PreemptedExit>(*says(shim::kExitPreempted)));
    return turns;
  }
  Views next() {
    auto turns = all_turns();
    REQUIRE(turns.size() == 1);
    return turns.front();
  }
  const Exit* says(std::uint32_t kind) {
    guest.area().hand_off.kind = kind;
    __atomic_store_n(&guest.area().hand_off.turn, kMonitorsTurn, __ATOMIC_RELEASE);
    return guest.vcpu->take_exit();
  }
  [[nodiscard]] std::uint64_t frame(const View& view) const { return (view.address - guest.address(0)) / kPage; }
};

void check_view(const Listed& listed, const View& view, std::uint64_t frame, std::uint64_t count, std::uint64_t shows, std::uint64_t protection) {
  CHECK(listed.frame(view) == frame);
  CHECK(view.bytes == count * kPage);
  CHECK(view.offset == shows * kPage);
  CHECK(view.protection == protection);
}

}  // namespace

TEST_CASE("a new process maps all memory as one piece") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  guest.hold();
  guest.run();
  REQUIRE(guest.area().views == 1);
  const View view = guest.area().view[0];
  CHECK(view.address == guest.space->virt_base());
  CHECK(view.bytes == guest.space->pages() * kPage);
  CHECK(view.fd == kRamFd);
  CHECK(view.offset == 0);
}

TEST_CASE("frames that changed are listed once, in order, and those alike and side by side as one") {
  Listed listed;
  for (const std::uint64_t frame : {20U, 22U, 21U, 40U}) REQUIRE(listed.guest.space->show_nothing(frame));
  REQUIRE(listed.guest.space->show_nothing(40));
  const auto views = listed.next();
  REQUIRE(views.size() == 2);
  check_view(listed, views[0], 20, 3, 20, PROT_NONE);
  check_view(listed, views[1], 40, 1, 40, PROT_NONE);
  CHECK(listed.all_turns().empty());
}

TEST_CASE("a range splits where what it shows differs, and is listed as it is by then") {
  Listed listed;
  for (std::uint64_t frame = 10; frame < 20; ++frame) REQUIRE(listed.guest.space->show_nothing(frame));
  REQUIRE(listed.guest.space->show_own(12));
  REQUIRE(listed.guest.space->show_own(13));
  REQUIRE(listed.guest.space->show_own(15));
  REQUIRE(listed.guest.space->show_special(15, kSpecial, FrameAccess::ReadOnly));
  REQUIRE(listed.guest.space->show_own(19));
  const auto views = listed.next();
  REQUIRE(views.size() == 6);
  check_view(listed, views[0], 10, 2, 10, PROT_NONE);
  check_view(listed, views[1], 12, 2, 12, kAll);
  check_view(listed, views[2], 14, 1, 14, PROT_NONE);
  check_view(listed, views[3], 15, 1, kSpecial, PROT_READ);
  check_view(listed, views[4], 16, 3, 16, PROT_NONE);
  check_view(listed, views[5], 19, 1, 19, kAll);
}

TEST_CASE("released memory is one piece, and one again when it comes back") {
  Listed listed;
  REQUIRE(listed.guest.space->release(30, 20));
  auto views = listed.next();
  REQUIRE(views.size() == 1);
  check_view(listed, views[0], 30, 20, 30, PROT_NONE);
  REQUIRE(listed.guest.space->populate(35, 10));
  views = listed.next();
  REQUIRE(views.size() == 1);
  check_view(listed, views[0], 35, 10, 35, kAll);
}

TEST_CASE("more views than fit are listed in turns, each once") {
  static_assert(ProcessGuest::kPages / 2 == kViewsAtOnce, "every other page fills one turn");
  for (const bool one_too_many : {false, true}) {
    CAPTURE(one_too_many);
    Listed listed;
    std::uint64_t changed = 0;
    for (std::uint64_t frame = 1; frame < ProcessGuest::kPages; frame += 2, ++changed) {
      REQUIRE(listed.guest.space->show_special(frame, kSpecial, FrameAccess::ReadWrite));
    }
    if (one_too_many) REQUIRE(listed.guest.space->show_nothing(2));
    const auto turns = listed.all_turns();
    CHECK(turns.size() == (one_too_many ? 2 : 1));
    std::map<std::uint64_t, int> seen;
    for (const auto& views : turns) {
      CHECK(views.size() <= kViewsAtOnce);
      for (const View& view : views) {
        for (std::uint64_t i = 0; i < view.bytes / kPage; ++i) ++seen[listed.frame(view) + i];
      }
    }
    CHECK(seen.size() == changed + (one_too_many ? 1 : 0));
    for (const auto& one : seen) {
      CAPTURE(one.first);
      CHECK(one.second == 1);
    }
  }
}
