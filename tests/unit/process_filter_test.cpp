// SPDX-License-Identifier: MIT
// The process engine's seccomp filters, rule by rule: what the stub does passes, and nothing that differs from it in one argument,
// in the address of the instruction or in the way in.
#include <doctest/doctest.h>
#include <array>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include <asm/prctl.h>
#include <linux/audit.h>
#include <linux/futex.h>

#include "engine/process/filter.hpp"
#include "engine/process/vcpu_area.hpp"
#include "support/bpf.hpp"

using namespace pvisor;
using namespace pvisor::process;

namespace {

constexpr std::uint64_t kGate = kStubAddress + 0x1234;
constexpr std::uint64_t kLow = 0xfff'f000;         // a window over a border of 4 GiB on each side
constexpr std::uint64_t kHigh = 0x2'0000'3000;
constexpr std::uint32_t kX32 = 0x4000'0000;
constexpr std::uint64_t kUpper = std::uint64_t{1} << 32;
constexpr std::uint64_t kShared = MAP_SHARED | MAP_FIXED;
constexpr std::uint64_t kReadWrite = PROT_READ | PROT_WRITE;
constexpr std::uint64_t kVsyscalls[] = {0xffff'ffff'ff60'0000, 0xffff'ffff'ff60'0400, 0xffff'ffff'ff60'0800};

using Args = std::vector<std::uint64_t>;

const std::vector<sock_filter>& gate_filter() {
  static const auto rules = make_gate_filter({kGate, kLow, kHigh, true});
  return rules;
}

seccomp_data call_of(std::uint64_t number, const Args& args = {}) {
  seccomp_data call{static_cast<int>(number), AUDIT_ARCH_X86_64, kGate, {}};
  for (std::size_t i = 0; i < args.size(); ++i) call.args[i] = args[i];
  return call;
}

std::uint32_t answer(const seccomp_data& call) { return run_filter(gate_filter(), call); }
bool passes(std::uint64_t number, const Args& args = {}) { return answer(call_of(number, args)) == SECCOMP_RET_ALLOW; }

void check_all_trap(std::uint64_t number, std::initializer_list<Args> calls) {
  for (const Args& args : calls) {
    CAPTURE(number);
    CAPTURE(doctest::toString(args.size()));
    for (const auto arg : args) INFO("argument ", arg);
    CHECK(answer(call_of(number, args)) == SECCOMP_RET_TRAP);
  }
}

Args mapping(std::uint64_t address, std::uint64_t bytes) { return {address, bytes, kReadWrite, kShared, kRamFd, 0}; }

/// One call of each kind that passes.
std::vector<seccomp_data> all_that_pass() {
  return {call_of(SYS_futex, {kAreaAddress, FUTEX_WAIT, 0, 0}), call_of(SYS_write, {kDoorbellFd, 0, 8}), call_of(SYS_rt_sigreturn),
          call_of(SYS_mmap, mapping(kLow, 4096)), call_of(kAskForPage), call_of(SYS_arch_prctl, {ARCH_SET_FS, 0})};
}

}  // namespace

TEST_CASE("the gate's filter: of all numbers six pass, and none with the bit of x32 or one above 32 bits' worth") {
  const std::vector<std::uint64_t> allowed{SYS_write, SYS_mmap, SYS_rt_sigreturn, kAskForPage, SYS_arch_prctl, SYS_futex};
  for (std::uint64_t number = 0; number < 2048; ++number) {
    CAPTURE(number);
    const bool listed = std::ranges::find(allowed, number) != allowed.end();
    if (!listed) CHECK(answer(call_of(number)) == SECCOMP_RET_TRAP);
    CHECK(answer(call_of(number | kX32)) == SECCOMP_RET_TRAP);
    CHECK(answer(call_of(number | 0x8000'0000U)) == SECCOMP_RET_TRAP);
  }
  for (const seccomp_data& call : all_that_pass()) CHECK(answer(call) == SECCOMP_RET_ALLOW);
}

TEST_CASE("the gate's filter: what passes at the gate is a trap anywhere else, and for any other kind of system call") {
  for (const seccomp_data& right : all_that_pass()) {
    CAPTURE(right.nr);
    for (const std::uint64_t elsewhere : {kGate - 1, kGate + 1, kGate ^ kUpper, kGate + kUpper, std::uint64_t{0}, kLow, kGate & 0xffff'ffff}) {
      seccomp_data call = right;
      call.instruction_pointer = elsewhere;
      CHECK(answer(call) == SECCOMP_RET_TRAP);
    }
    for (const std::uint32_t arch : {std::uint32_t{AUDIT_ARCH_I386}, 0U, std::uint32_t{AUDIT_ARCH_AARCH64}}) {
      seccomp_data call = right;
      call.arch = arch;
      CHECK(answer(call) == SECCOMP_RET_TRAP);
    }
    for (const std::uint64_t vsyscall : kVsyscalls) {
      seccomp_data call = right;
      call.instruction_pointer = vsyscall;
      CHECK(answer(call) == SECCOMP_RET_KILL_PROCESS);
    }
  }
}

TEST_CASE("the gate's filter: futex waits, shared, on a word of the area") {
  const std::uint64_t last = kAreaAddress + sizeof(VcpuArea) - 4;
  CHECK(passes(SYS_futex, {kAreaAddress, FUTEX_WAIT, 7, 99, 98, 97}));
  CHECK(passes(SYS_futex, {last, FUTEX_WAIT}));
  check_all_trap(SYS_futex, {{kAreaAddress - 1, FUTEX_WAIT}, {last + 1, FUTEX_WAIT}, {kAreaAddress - kUpper, FUTEX_WAIT},
                             {kAreaAddress + kUpper, FUTEX_WAIT}, {0, FUTEX_WAIT}, {~std::uint64_t{0}, FUTEX_WAIT}});
  for (std::uint64_t operation = 1; operation < 0x400; ++operation) {
    CAPTURE(operation);
    CHECK(!passes(SYS_futex, {kAreaAddress, operation}));
  }
}

TEST_CASE("the gate's filter: write rings the doorbell with eight bytes") {
  CHECK(passes(SYS_write, {kDoorbellFd, 1234, 8}));
  check_all_trap(SYS_write, {{kDoorbellFd - 1, 0, 8}, {kDoorbellFd + 1, 0, 8}, {0, 0, 8}, {1, 0, 8}, {2, 0, 8}, {~std::uint64_t{0}, 0, 8},
                             {kDoorbellFd, 0, 7}, {kDoorbellFd, 0, 9}, {kDoorbellFd, 0, 0}, {kDoorbellFd, 0, 8 + kUpper}});
}

TEST_CASE("the gate's filter: mmap shows the domain's own memory, shared, at a fixed address") {
  CHECK(passes(SYS_mmap, {kLow, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, kShared, kRamFd, 123 << 12}));
  CHECK(passes(SYS_mmap, {kLow, 4096, PROT_NONE, kShared, kPageFd, 0}));
  for (const std::uint64_t protection : std::to_array<std::uint64_t>({PROT_NONE, PROT_READ, PROT_EXEC, PROT_READ | PROT_EXEC})) {
    CAPTURE(protection);
    CHECK(passes(SYS_mmap, {kLow, 4096, protection, kShared, kReadOnlyPageFd, 0}));
    CHECK(!passes(SYS_mmap, {kLow, 4096, protection | PROT_WRITE, kShared, kReadOnlyPageFd, 0}));
  }
  for (const std::uint64_t fd : {0U, 1U, 2U, +kAreaFd, +kDoorbellFd, kReadOnlyPageFd + 1U, ~0U}) {
    CAPTURE(fd);
    CHECK(!passes(SYS_mmap, {kLow, 4096, kReadWrite, kShared, fd, 0}));
  }
  for (unsigned bit = 0; bit < 64; ++bit) {
    CAPTURE(bit);
    const std::uint64_t one = std::uint64_t{1} << bit;
    CHECK(!passes(SYS_mmap, {kLow, 4096, kReadWrite, kShared ^ one, kRamFd, 0}));
    if (bit > 2) CHECK(!passes(SYS_mmap, {kLow, 4096, kReadWrite | one, kShared, kRamFd, 0}));
  }
}

TEST_CASE("the gate's filter: mmap stays within the window, to the byte and across 4 GiB") {
  const std::uint64_t most = 0xffff'ffff;
  for (const auto& [address, bytes] : std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>{
           {kLow, 0}, {kLow, 1}, {kLow, most}, {kHigh - 1, 1}, {kHigh, 0}, {kHigh - 4096, 4096}, {0x1'0000'0000, most},
           {0x1'ffff'ffff, 1}, {0x1'ffff'ffff, 0x3001}, {kHigh - most, most}, {0x1'0000'0000 - 1, 2}, {0x2'0000'0000, 0x3000}}) {
    const std::uint64_t place = address, length = bytes;  // what doctest can keep
    CAPTURE(place);
    CAPTURE(length);
    CHECK(passes(SYS_mmap, mapping(address, bytes)));
  }
  for (const auto& [address, bytes] : std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>{
           {kLow - 1, 4096}, {kLow - 1, 0}, {0, 4096}, {kLow - kUpper, 4096}, {kLow, kUpper}, {kLow, kUpper + 4096}, {kHigh, 1},
           {kHigh - 4096, 4097}, {kHigh - most, most + 1}, {kHigh - most + 1, most}, {0x1'ffff'ffff, 0x3002}, {0x2'0000'0000, 0x3001},
           {kHigh + 1, 0}, {kHigh + kUpper, 4096}, {kLow | std::uint64_t{1} << 63, 4096}, {kStubAddress, 4096}, {kAreaAddress, 4096},
           // Beyond the last address there is the first.
           {~std::uint64_t{0}, 2}, {~std::uint64_t{0} - 4095, 4096}, {~std::uint64_t{0} - 4095, most}, {~std::uint64_t{0} - most + 1, most},
           {kLow, ~std::uint64_t{0}}}) {
    const std::uint64_t place = address, length = bytes;  // what doctest can keep
    CAPTURE(place);
    CAPTURE(length);
    CHECK(!passes(SYS_mmap, mapping(address, bytes)));
  }
}

TEST_CASE("the gate's filter: segment bases are set by system call only where programs cannot do it") {
  const auto without = make_gate_filter({kGate, kLow, kHigh, false});
  for (const std::uint64_t operation : {std::uint64_t{ARCH_SET_FS}, std::uint64_t{ARCH_SET_GS}}) {
    CHECK(passes(SYS_arch_prctl, {operation, 1}));
    CHECK(run_filter(without, call_of(SYS_arch_prctl, {operation, 1})) == SECCOMP_RET_TRAP);
  }
  for (std::uint64_t operation = 0x0fff; operation < 0x3100; ++operation) {
    CAPTURE(operation);
    if (operation != ARCH_SET_FS && operation != ARCH_SET_GS) CHECK(!passes(SYS_arch_prctl, {operation, 0}));
  }
}

TEST_CASE("the first filter asks about one call and leaves all others to the second") {
  const auto rules = make_question_filter();
  for (std::uint64_t number = 0; number < 2048; ++number) {
    CAPTURE(number);
    CHECK(run_filter(rules, call_of(number)) == (number == kAskForPage ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW));
    CHECK(run_filter(rules, call_of(number | kX32)) == SECCOMP_RET_ALLOW);
  }
}
