// SPDX-License-Identifier: MIT
// Beginning and end of a vCPU's process: it ends in each state and by every signal, it does not come out when asked, it is stopped
// and sent on from outside, it cannot be started. The monitor hears of it, the others go on, and nothing is left.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/host_error.hpp"
#include "base/scope_exit.hpp"
#include "support/process_guest.hpp"
#include "support/signal_frame.hpp"

using namespace pvisor;
using namespace pvisor::process;
using Does = ProcessGuest::Does;

namespace {

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}
std::size_t open_descriptors() { return entries("/proc/self/fd"); }
bool has_children() { return ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0; }

bool goes_on(ProcessGuest& guest) { return guest.gate(SYS_getpid) == ProcessGuest::kRefused; }

void must_stop(ProcessGuest& guest) { CHECK(guest.vcpu->stop()); }

/// Spins with all signals blocked that can be, by a forged signal frame.
void block_signals(ProcessGuest& guest) {
  SignalFrame frame = SignalFrame::to(guest, guest.code(Does::Spin));
  frame.mask = ~std::uint64_t{0};
  std::memcpy(guest.memory(ProcessGuest::kFree), &frame, sizeof frame);
  guest.begin(Does::GateOnStack, {SYS_rt_sigreturn, guest.address(ProcessGuest::kFree), guest.code(Does::Gate)});
}

}  // namespace

TEST_CASE("a vCPU's process that ends is told once, with how it ended, whatever it was doing") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  struct Case {
    std::string state;
    void (*bring)(ProcessGuest&);
  };
  const Case kCases[] = {
      {"it has never run", [](ProcessGuest&) {}},
      {"it spins", [](ProcessGuest& guest) { guest.begin(Does::Spin); }},
      {"it waits for an answer", [](ProcessGuest& guest) { goes_on(guest); }},
      {"it was taken off the CPU", [](ProcessGuest& guest) { guest.begin(Does::Spin), must_stop(guest); }},
      {"it does not come out", [](ProcessGuest& guest) { block_signals(guest), must_stop(guest); }},
      {"it stands still by another's signal", [](ProcessGuest& guest) { guest.begin(Does::Spin), guest.hold(); }},
      {"it has been told to look at its events", [](ProcessGuest& guest) { guest.begin(Does::Spin), guest.vcpu->kick(); }},
  };
  for (const Case& each : kCases) {
    CAPTURE(each.state);
    ProcessGuest guest(processes);
    each.bring(guest);
    guest.signal(SIGKILL);
    CHECK(std::holds_alternative<DiedExit>(guest.next_exit()));
    CHECK(guest.death() == "its process has ended: killed by signal 9 (Killed)");
    CHECK(guest.vcpu->take_exit() == nullptr);
    guest.vcpu->kick();
    CHECK((guest.vcpu->stop(), true));
    CHECK(!processes.has_exits());
    pollfd quiet{processes.wait_fds()[1], POLLIN, 0};
    CHECK(::poll(&quiet, 1, 0) == 0);  // nothing that would keep the monitor awake
    CHECK(goes_on(victim));
  }
}

TEST_CASE("signals that somebody outside sends end one domain, or do nothing") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGABRT, SIGXCPU, SIGRTMIN,
                           SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}) {  // these as if the guest had faulted
    CAPTURE(number);
    ProcessGuest guest(processes);
    guest.begin(Does::Spin);
    guest.signal(number);
    // In a process namespace of its own it is the first process there, which only signals end that nobody can handle.
    if (!guest.vcpu->stop()) {
      const Exit& exit = guest.next_exit();
      CHECK((std::holds_alternative<DiedExit>(exit) || std::holds_alternative<FaultExit>(exit)));
    }
    CHECK(goes_on(victim));
  }
}

TEST_CASE("a vCPU that somebody outside stops goes on when it is sent on") {
  VcpuProcesses processes;
  ProcessGuest guest(processes), victim(processes);
  guest.hold();
  guest.begin(Does::Nothing);
  CHECK(goes_on(victim));
  CHECK(guest.vcpu->take_exit() == nullptr);
  guest.signal(SIGCONT);
  CHECK(std::holds_alternative<HypercallExit>(guest.next_exit()));
  guest.begin(Does::Spin);
  guest.hold();
  CHECK(guest.vcpu->stop());
  guest.run();  // this sends it on as well
  guest.vcpu->stop();
  CHECK(goes_on(victim));
}

TEST_CASE("a vCPU that blocks signals is taken off the CPU all the same, goes on where it was, and ends when told") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  {
    ProcessGuest guest(processes);
    block_signals(guest);
    for (int round = 0; round < 20; ++round) {
      CHECK(guest.vcpu->stop());
      CHECK(goes_on(victim));
      guest.run();
      guest.vcpu->kick();
      CHECK(guest.vcpu->take_exit() == nullptr);
    }
  }
  CHECK(goes_on(victim));
}

TEST_CASE("a page is shared with and taken from a vCPU that blocks signals") {
  VcpuProcesses processes;
  ProcessGuest owner(processes), mapper(processes);
  block_signals(owner);
  for (int round = 0; round < 20; ++round) {
    REQUIRE(mapper.space->map_foreign(ProcessGuest::kFree, *owner.space, ProcessGuest::kFree, FrameAccess::ReadWrite));
    CHECK(goes_on(mapper));
    mapper.space->unmap_foreign(ProcessGuest::kFree);
  }
  CHECK(goes_on(mapper));
}

TEST_CASE("making and ending vCPUs leaves no descriptor, no process and no memory") {
  std::optional<VcpuProcesses> processes(std::in_place);
  ProcessGuest stays(*processes);
  const auto once = [&](int round) {
    ProcessGuest guest(*processes), mapper(*processes);
    CHECK(mapper.space->map_foreign(ProcessGuest::kFree, *guest.space, ProcessGuest::kFree, FrameAccess::ReadWrite));
    CHECK(goes_on(mapper));
    if (round % 2 == 0) guest.begin(Does::Spin);
    if (round % 3 == 0) guest.signal(SIGKILL);
    if (round % 15 == 0) CHECK(std::holds_alternative<DiedExit>(guest.next_exit()));
    guest.vcpu.reset();
  };
  once(0);
  const std::size_t descriptors = open_descriptors();
  const std::size_t mappings = entries("/proc/self/map_files");
  for (int round = 0; round < 100; ++round) once(round);
  CHECK(open_descriptors() == descriptors);
  CHECK(entries("/proc/self/map_files") <= mappings + 2);
  CHECK(goes_on(stays));
  stays.vcpu.reset();
  processes.reset();
  CHECK(!has_children());
}

TEST_CASE("with no descriptor left a vCPU is refused, at whatever step, the others go on, and later ones get no less than they") {
  VcpuProcesses processes;
  ProcessGuest stays(processes);
  const Seclusion got = processes.try_one();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const std::size_t used = open_descriptors();
  int refused = 0, made = 0;
  constexpr rlim_t kEnough = 80;  // launch.cpp wants some above 64
  for (rlim_t limit = used - 4; limit < std::max<rlim_t>(used + 12, kEnough); ++limit) {
    CAPTURE(limit);
    const std::size_t descriptors = open_descriptors();
    {
      const rlimit tight{limit, before.rlim_max};
      REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
      const ScopeExit restore([&] { ::setrlimit(RLIMIT_NOFILE, &before); });
      std::optional<ProcessAddressSpace> space;
      std::optional<ProcessVcpu> vcpu;
      try {
        space.emplace(AddressSpaceSpec{16, 1, std::nullopt});
        vcpu.emplace(processes, *space, VcpuStart{});
        CHECK((vcpu->listener() >= 0) == got.questions);
        ++made;
      } catch (const HostError&) {
        ++refused;
      }
    }
    CHECK(open_descriptors() == descriptors);
  }
  CHECK(refused > 0);
  CHECK(made > 0);
  CHECK(goes_on(stays));
  CHECK(processes.try_one().namespaces == got.namespaces);
  CHECK(processes.try_one().questions == got.questions);
  ProcessGuest later(processes), mapper(processes);
  CHECK(mapper.space->map_foreign(ProcessGuest::kFree, *later.space, ProcessGuest::kFree, FrameAccess::ReadWrite));
  CHECK(goes_on(mapper));
}
