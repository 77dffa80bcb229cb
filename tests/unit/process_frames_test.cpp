// SPDX-License-Identifier: MIT
// What a vCPU's process can do to itself: signal frames that it makes up, stack pointers that point nowhere, the stub's own stacks
// written over. It comes out with some exit or ends; the host kernel answers it no more than before, and nobody else notices.
#include <doctest/doctest.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include <pvabi/hypercalls.h>

#include "engine/process/stub_image.hpp"
#include "support/process_guest.hpp"
#include "support/signal_frame.hpp"

using namespace pvisor;
using namespace pvisor::process;
using Does = ProcessGuest::Does;

namespace {

constexpr std::uint64_t kNonCanonical = std::uint64_t{1} << 63;
constexpr std::uint64_t kFrame = ProcessGuest::kFree;

bool goes_on(ProcessGuest& guest) { return guest.gate(SYS_getpid) == ProcessGuest::kRefused; }

/// Returns by the frame and sees what comes of it; the vCPU makes its next call if it still can.
void return_by(VcpuProcesses& processes, ProcessGuest& victim, const std::function<void(ProcessGuest&, SignalFrame&)>& spoil) {
  ProcessGuest guest(processes);
  SignalFrame frame = SignalFrame::to(guest, guest.code(Does::Nothing));
  spoil(guest, frame);
  std::memcpy(guest.memory(kFrame), &frame, sizeof frame);
  guest.begin(Does::GateOnStack, {SYS_rt_sigreturn, guest.address(kFrame), guest.code(Does::Gate)});
  const Exit& exit = guest.next_exit();
  if (std::holds_alternative<HypercallExit>(exit)) {
    CHECK(goes_on(guest));  // the filter stands
  }
  CHECK(goes_on(victim));
}

}  // namespace

TEST_CASE("a signal frame that a guest makes up, if right, is a jump") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  const SignalFrame frame = SignalFrame::to(guest, guest.code(Does::Nothing));
  std::memcpy(guest.memory(kFrame), &frame, sizeof frame);
  CHECK(std::holds_alternative<HypercallExit>(guest.order(Does::GateOnStack, {SYS_rt_sigreturn, guest.address(kFrame), guest.code(Does::Gate)})));
  CHECK(goes_on(guest));
}

TEST_CASE("a signal frame with any register, selector or flag ends nobody but who made it") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  for (const std::uint64_t rip : {std::uint64_t{0}, kNonCanonical, ~std::uint64_t{0}, std::uint64_t{0x7fff'ffff'f000}, kAreaAddress}) {
    CAPTURE(rip);
    return_by(processes, victim, [&](ProcessGuest&, SignalFrame& frame) { frame.rip = rip; });
  }
  static constexpr std::uint16_t kSelectors[] = {0x0, 0x8, 0x10, 0x1b, 0x23, 0x2b, 0x33, 0x43, 0xfff8, 0xffff};
  for (const std::uint16_t selector : kSelectors) {
    CAPTURE(selector);
    return_by(processes, victim, [&](ProcessGuest&, SignalFrame& frame) { frame.cs = selector; });
    return_by(processes, victim, [&](ProcessGuest&, SignalFrame& frame) { frame.ss = selector, frame.flags = SignalFrame::kStrictSs; });
  }
  for (unsigned bit = 0; bit < 64; ++bit) {  // trap, direction, nested task, alignment check, I/O privilege ...
    CAPTURE(bit);
    return_by(processes, victim, [&](ProcessGuest&, SignalFrame& frame) { frame.rflags ^= std::uint64_t{1} << bit; });
  }
}

TEST_CASE("a signal frame with any vector state ends nobody but who made it") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  for (const std::uint64_t at : {std::uint64_t{1}, kNonCanonical, ~std::uint64_t{0} - 63, kStubAddress, kAreaAddress}) {
    CAPTURE(at);
    return_by(processes, victim, [&](ProcessGuest&, SignalFrame& frame) { frame.fpu = at; });
  }
  std::mt19937_64 random(1);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    return_by(processes, victim, [&](ProcessGuest& guest, SignalFrame& frame) {
      constexpr std::size_t kMagicAt = 464, kHeaderAt = 512;  // of struct _fpx_sw_bytes, and of the header of xsave
      std::byte* const image = guest.memory(kFrame + 1);
      for (std::size_t i = 0; i < 2 * kPage; i += 8) {
        const std::uint64_t word = random() & random();
        std::memcpy(image + i, &word, sizeof word);
      }
      const std::array<std::uint32_t, 2> magic{0x4650'5853, static_cast<std::uint32_t>(random() % 4096)};
      if (round % 2 == 0) std::memcpy(image + kMagicAt, magic.data(), sizeof magic);
      if (round % 4 == 0) std::memset(image + kHeaderAt, 0, 64);
      frame.fpu = guest.address(kFrame + 1);
    });
  }
}

TEST_CASE("with any stack pointer calls, faults and system calls of a guest end nobody else") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  const std::uint64_t slot = victim.address(ProcessGuest::kCalls) + PV_HC_NOP * PV_HYPERCALL_STUB_SIZE;
  const std::uint64_t targets[] = {slot, 0, kNonCanonical - 1, victim.code(Does::Peek), victim.code(Does::Gate), stub_image().entry,
                                   stub_image().entry_whole, kAreaAddress};
  for (const std::uint64_t rsp : {std::uint64_t{0}, std::uint64_t{1}, victim.address(ProcessGuest::kStack) + 9, kNonCanonical, ~std::uint64_t{0} - 7,
                                  kStubAddress + 0x1000, kAreaAddress, kAreaAddress + kAreaBytes, victim.address(victim.space->pages())}) {
    for (const std::uint64_t target : targets) {
      CAPTURE(rsp);
      CAPTURE(target);
      ProcessGuest guest(processes);
      guest.order(Does::GateOnStack, {SYS_getpid, rsp, target});
      CHECK(goes_on(victim));
    }
  }
}

TEST_CASE("a guest that writes over all that its stub may write to spoils its own run only") {
  VcpuProcesses processes;
  ProcessGuest victim(processes);
  std::ifstream maps("/proc/" + std::to_string(victim.pid()) + "/maps");
  std::uint64_t low = 0, high = 0;
  for (std::string line; std::getline(maps, line);) {
    const std::uint64_t from = std::stoull(line, nullptr, 16);
    if (from < kStubAddress || from >= kAreaAddress || line.find(" rw-p ") == std::string::npos) continue;
    low = low == 0 ? from : low;
    high = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
  }
  if (low == 0) {
    MESSAGE("not run: only root sees where");
    return;
  }
  ProcessGuest guest(processes);
  std::mt19937_64 random(1);
  for (std::uint64_t at = low; at < high; at += 64) {
    if (!std::holds_alternative<HypercallExit>(guest.order(Does::Poke, {0, at, random()}))) break;
  }
  CHECK(goes_on(victim));
}
