// SPDX-License-Identifier: MIT
// Frames that domains of the process engine share, when who maps them is hostile: it ignores what its stub should map, keeps what it
// was handed, and maps it anew by the gate with other rights.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;
using Does = ProcessGuest::Does;

namespace {

constexpr std::uint64_t kFrame = ProcessGuest::kFree;       // of the owner, and where others map it
constexpr std::uint64_t kKept = ProcessGuest::kFree + 1;    // where a mapper keeps it
constexpr std::uint64_t kShared = MAP_SHARED | MAP_FIXED;
constexpr std::uint64_t kReadWrite = PROT_READ | PROT_WRITE;

struct Sharing {
  VcpuProcesses processes;
  ProcessGuest owner{processes};
  ProcessGuest mapper{processes};

  bool map(ProcessGuest& by, FrameAccess access = FrameAccess::ReadWrite, std::uint64_t at = kFrame) {
    return by.space->map_foreign(at, *owner.space, kFrame, access);
  }
  /// By the gate, at another address, with whatever rights: what the guest was handed last.
  static std::int64_t keep(ProcessGuest& guest, std::uint64_t protection, Descriptor handed = kPageFd) {
    return guest.gate(SYS_mmap, {guest.address(kKept), kPage, protection, kShared, handed, 0});
  }
};

}  // namespace

TEST_CASE("a shared frame is one page for its owner, who maps it and the monitor, and the owner's again afterwards") {
  Sharing world;
  world.owner.poke(world.owner.address(kFrame), 1);
  std::memset(world.mapper.memory(kFrame), 0x77, kPage);
  REQUIRE(world.map(world.mapper));
  CHECK(world.mapper.peek(world.mapper.address(kFrame)) == 1);
  world.mapper.poke(world.mapper.address(kFrame), 2);
  CHECK(world.owner.peek(world.owner.address(kFrame)) == 2);
  CHECK(*reinterpret_cast<std::uint64_t*>(world.owner.memory(kFrame)) == 2);
  world.mapper.space->unmap_foreign(kFrame);
  CHECK(world.mapper.peek(world.mapper.address(kFrame)) == 0x7777'7777'7777'7777);
  CHECK(world.owner.peek(world.owner.address(kFrame)) == 2);
}

TEST_CASE("who may only read cannot map for writing what it was handed") {
  Sharing world;
  world.owner.poke(world.owner.address(kFrame), 1);
  REQUIRE(world.map(world.mapper, FrameAccess::ReadOnly));
  CHECK(world.mapper.peek(world.mapper.address(kFrame)) == 1);
  CHECK(Sharing::keep(world.mapper, kReadWrite) == -EBADF);
  CHECK(Sharing::keep(world.mapper, kReadWrite, kReadOnlyPageFd) == ProcessGuest::kRefused);
  CHECK(Sharing::keep(world.mapper, PROT_WRITE, kReadOnlyPageFd) == ProcessGuest::kRefused);
  CHECK(Sharing::keep(world.mapper, PROT_READ, kReadOnlyPageFd) == static_cast<std::int64_t>(world.mapper.address(kKept)));
  CHECK(std::holds_alternative<FaultExit>(world.mapper.order(Does::Poke, {0, world.mapper.address(kKept), 9})));
  CHECK(world.owner.peek(world.owner.address(kFrame)) == 1);
}

TEST_CASE("who keeps a mapping of a page that it has given back does not see what the owner writes later") {
  Sharing world;
  world.owner.poke(world.owner.address(kFrame), 1);
  REQUIRE(world.map(world.mapper));
  CHECK(Sharing::keep(world.mapper, kReadWrite) > 0);
  CHECK(world.mapper.peek(world.mapper.address(kKept)) == 1);
  world.mapper.space->unmap_foreign(kFrame);
  world.owner.poke(world.owner.address(kFrame), 2);
  CHECK(world.mapper.peek(world.mapper.address(kKept)) == 1);
  world.mapper.poke(world.mapper.address(kKept), 3);
  CHECK(world.owner.peek(world.owner.address(kFrame)) == 2);
  CHECK(world.mapper.gate(kAskForPage) == -EPERM);
}

TEST_CASE("the same while others still map that page, whoever of them goes, and in whatever order") {
  for (const bool first_goes : {true, false}) {
    CAPTURE(first_goes);
    Sharing world;
    ProcessGuest other(world.processes), third(world.processes);
    const std::uint64_t at = world.owner.address(kFrame);  // in all of them
    world.owner.poke(at, 1);
    for (ProcessGuest* each : {&world.mapper, &other, &third}) REQUIRE(world.map(*each));
    ProcessGuest& goes = first_goes ? world.mapper : third;
    ProcessGuest& stays = first_goes ? third : world.mapper;
    for (ProcessGuest* each : {&goes, &other}) {
      CHECK(each->peek(at) == 1);
      CHECK(Sharing::keep(*each, kReadWrite) > 0);
    }
    goes.space->unmap_foreign(kFrame);
    world.owner.poke(at, 2);
    CHECK(goes.peek(goes.address(kKept)) == 1);
    CHECK(other.peek(at) == 2);
    CHECK(stays.peek(at) == 2);
    other.space->unmap_foreign(kFrame);
    stays.poke(at, 3);
    CHECK(world.owner.peek(at) == 3);
    CHECK(other.peek(other.address(kKept)) == 1);
    stays.space->unmap_foreign(kFrame);
    CHECK(world.owner.peek(at) == 3);
    REQUIRE(world.map(goes));  // and all can begin again
    CHECK(goes.peek(at) == 3);
  }
}

TEST_CASE("a domain that maps a frame twice keeps it until it ends the second mapping") {
  Sharing world;
  ProcessGuest other(world.processes);
  const std::uint64_t at = world.owner.address(kFrame);
  REQUIRE(world.map(world.mapper));
  REQUIRE(world.map(world.mapper, FrameAccess::ReadOnly, kFrame + 5));
  REQUIRE(world.map(other));
  world.mapper.space->unmap_foreign(kFrame);
  world.owner.poke(at, 7);
  CHECK(world.mapper.peek(world.mapper.address(kFrame + 5)) == 7);
  CHECK(other.peek(at) == 7);
  world.mapper.space->unmap_foreign(kFrame + 5);
  world.owner.poke(at, 8);
  CHECK(other.peek(at) == 8);
}

TEST_CASE("a shared page outlives its owner, and a mapper that goes without a word leaves the others theirs") {
  VcpuProcesses processes;
  ProcessGuest stays(processes);
  std::optional<ProcessGuest> owner(processes), goes(processes);
  const std::uint64_t at = stays.address(kFrame);
  owner->poke(at, 1);
  for (ProcessGuest* each : {&stays, &*goes}) REQUIRE(each->space->map_foreign(kFrame, *owner->space, kFrame, FrameAccess::ReadWrite));
  CHECK(goes->peek(at) == 1);
  owner->vcpu.reset();
  owner.reset();
  CHECK(stays.peek(at) == 1);
  goes->vcpu.reset();
  goes.reset();
  stays.poke(at, 2);
  CHECK(stays.peek(at) == 2);
  stays.space->unmap_foreign(kFrame);
  CHECK(stays.peek(at) == 0);
}

TEST_CASE("a kick in the middle of the question for a page does not lose the page") {
  Sharing world;
  const std::uint64_t at = world.mapper.address(kFrame);
  for (std::uint64_t round = 1; round <= 300; ++round) {
    CAPTURE(round);
    world.owner.poke(world.owner.address(kFrame), round);
    REQUIRE(world.map(world.mapper));
    world.mapper.begin(Does::Peek, {0, at});
    pollfd question{world.processes.wait_fds()[1], POLLIN, 0};
    REQUIRE(::poll(&question, 1, 10'000) == 1);
    world.mapper.signal(kKickSignal);
    REQUIRE(std::holds_alternative<HypercallExit>(world.mapper.next_exit()));
    CHECK(world.mapper.result() == static_cast<std::int64_t>(round));
    world.mapper.space->unmap_foreign(kFrame);
  }
}
