// SPDX-License-Identifier: MIT
// The gate of a vCPU's process in earnest: a guest jumps to the stub's own `syscall` instruction, and the host kernel answers. What the
// filter says rule by rule is process_filter_test.cpp.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <asm/prctl.h>
#include <linux/futex.h>

#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;
using Does = ProcessGuest::Does;

namespace {

constexpr std::uint64_t kUretprobe = 335, kUprobe = 336;  // Linux lets no filter have these
constexpr std::uint64_t kX32 = 0x4000'0000;
constexpr std::uint64_t kShared = MAP_SHARED | MAP_FIXED;
constexpr std::uint64_t kReadWrite = PROT_READ | PROT_WRITE;

/// Arguments with which calls do something.
std::int64_t tempted(ProcessGuest& guest, std::uint64_t number) {
  return guest.gate(number, {1, guest.address(ProcessGuest::kFree), 64, 1, 0, 0});
}

}  // namespace

TEST_CASE("a guest that jumps to the gate with any number, also of x32, is refused by the host kernel") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  static constexpr std::uint64_t kOthers[] = {SYS_rt_sigreturn, kAskForPage, kUretprobe, kUprobe};
  for (std::uint64_t number = 0; number < 1024; ++number) {
    CAPTURE(number);
    if (std::ranges::find(kOthers, number) != std::end(kOthers)) continue;
    CHECK(tempted(guest, number) == ProcessGuest::kRefused);
    if (number % 8 == 0 || number >= 512) CHECK(tempted(guest, number | kX32) == ProcessGuest::kRefused);
  }
  for (const std::uint64_t number : {~std::uint64_t{0}, std::uint64_t{1} << 31, (std::uint64_t{1} << 63) | SYS_getpid}) {
    CHECK(tempted(guest, number) == ProcessGuest::kRefused);
  }
}

TEST_CASE("the two calls that Linux exempts from filters do nothing but end the guest that makes them") {
  for (const std::uint64_t number : {kUretprobe, kUprobe}) {
    CAPTURE(number);
    VcpuProcesses processes;
    ProcessGuest guest(processes);
    const Exit& exit = guest.order(Does::Gate, {number});
    const bool was_refused = std::holds_alternative<HypercallExit>(exit) && guest.result() < 0;
    CHECK((was_refused || std::holds_alternative<FaultExit>(exit) || std::holds_alternative<DiedExit>(exit)));
  }
}

TEST_CASE("each call that the gate allows is refused with one argument off") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  const std::uint64_t at = guest.address(ProcessGuest::kFree);
  const std::uint64_t end = guest.address(guest.space->pages());
  // The right ones first: they pass, and say so in the kernel's own words.
  CHECK(guest.gate(SYS_futex, {kAreaAddress, FUTEX_WAIT, 0x5a5a'5a5a}) == -EAGAIN);
  CHECK(guest.gate(SYS_write, {kDoorbellFd, at, 8}) == 8);
  CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, kShared, kRamFd, ProcessGuest::kFree * kPage}) == static_cast<std::int64_t>(at));
  CHECK(guest.gate(kAskForPage) == -EPERM);  // nobody has shared a page with it

  for (const std::uint64_t operation :
       std::to_array<std::uint64_t>({FUTEX_WAKE, FUTEX_FD, FUTEX_REQUEUE, FUTEX_LOCK_PI, FUTEX_WAIT | FUTEX_PRIVATE_FLAG})) {
    CAPTURE(operation);
    CHECK(guest.gate(SYS_futex, {kAreaAddress, operation}) == ProcessGuest::kRefused);
  }
  CHECK(guest.gate(SYS_futex, {at, FUTEX_WAIT}) == ProcessGuest::kRefused);
  CHECK(guest.gate(SYS_write, {kRamFd, at, 8}) == ProcessGuest::kRefused);
  CHECK(guest.gate(SYS_write, {kDoorbellFd, at, 16}) == ProcessGuest::kRefused);
  for (const std::uint64_t place : {at - (std::uint64_t{1} << 32), kStubAddress, kAreaAddress, end, std::uint64_t{0}, ~std::uint64_t{kPage - 1}}) {
    CAPTURE(place);
    CHECK(guest.gate(SYS_mmap, {place, kPage, kReadWrite, kShared, kRamFd, 0}) == ProcessGuest::kRefused);
  }
  CHECK(guest.gate(SYS_mmap, {end - kPage, 2 * kPage, kReadWrite, kShared, kRamFd, 0}) == ProcessGuest::kRefused);
  for (const std::uint64_t flags : std::to_array<std::uint64_t>(
           {MAP_SHARED, MAP_PRIVATE | MAP_FIXED, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, MAP_SHARED | MAP_FIXED | MAP_HUGETLB,
            MAP_SHARED | MAP_FIXED | MAP_LOCKED, MAP_SHARED | MAP_FIXED | MAP_GROWSDOWN})) {
    CAPTURE(flags);
    CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, flags, kRamFd, 0}) == ProcessGuest::kRefused);
  }
  for (const std::uint64_t fd : {kAreaFd + 0U, kDoorbellFd + 0U, 0U, 1U, 2U, 7U}) {
    CAPTURE(fd);
    CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, kShared, fd, 0}) == ProcessGuest::kRefused);
  }
  CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, kShared, kPageFd, 0}) == -EBADF);  // it has none
}

TEST_CASE("what a guest maps by the gate is its own memory, and beyond its end there is none") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  const std::uint64_t at = guest.address(ProcessGuest::kFree);
  std::memset(guest.memory(ProcessGuest::kFree + 1), 0x5a, kPage);
  CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, kShared, kRamFd, (ProcessGuest::kFree + 1) * kPage}) == static_cast<std::int64_t>(at));
  CHECK(guest.peek(at) == 0x5a5a'5a5a'5a5a'5a5a);
  CHECK(guest.gate(SYS_mmap, {at, kPage, kReadWrite, kShared, kRamFd, guest.space->pages() * kPage}) == static_cast<std::int64_t>(at));
  CHECK(std::holds_alternative<FaultExit>(guest.order(Does::Peek, {0, at})));  // as any page that is not there
}

TEST_CASE("a doorbell rung with the largest number wakes the monitor and is silent again") {
  VcpuProcesses processes;
  ProcessGuest guest(processes);
  const std::uint64_t at = guest.address(ProcessGuest::kFree);
  guest.poke(at, ~std::uint64_t{0} - 1);
  CHECK(guest.gate(SYS_write, {kDoorbellFd, at, 8}) == 8);
  CHECK(guest.gate(SYS_getpid) == ProcessGuest::kRefused);
  guest.poke(at, ~std::uint64_t{0});
  CHECK(guest.gate(SYS_write, {kDoorbellFd, at, 8}) == -EINVAL);
  CHECK(guest.gate(SYS_write, {kDoorbellFd, 8, 8}) == -EFAULT);
}
