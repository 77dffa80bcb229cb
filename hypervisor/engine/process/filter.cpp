// SPDX-License-Identifier: MIT
#include "engine/process/filter.hpp"

#include <asm/prctl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstddef>
#include <utility>

#include "base/assert.hpp"
#include "engine/process/vcpu_area.hpp"

namespace pvisor::process {

namespace {

constexpr std::uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchAt = offsetof(seccomp_data, arch);
constexpr std::uint32_t kPointerAt = offsetof(seccomp_data, instruction_pointer);
constexpr std::uint32_t low_half(unsigned argument) { return offsetof(seccomp_data, args) + 8 * argument; }
constexpr std::uint32_t high_half(unsigned argument) { return low_half(argument) + 4; }
constexpr std::uint32_t kVsyscallHigh = 0xffff'ffff;  // the upper half of that page's address

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

/// Comparisons of the loaded word with a constant.
constexpr unsigned kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr unsigned kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr unsigned kAbove = BPF_JMP | BPF_JGT | BPF_K;
constexpr unsigned kAnyOf = BPF_JMP | BPF_JSET | BPF_K;

/// A filter under construction. Every check that fails leads to the trap, which is the last rule.
class Rules {
 public:
  void load(std::uint32_t at) { add(BPF_LD | BPF_W | BPF_ABS, at); }
  void load_word(std::uint32_t scratch) { add(BPF_LD | BPF_MEM, scratch); }
  void add(unsigned code, std::uint32_t operand) { rules_.push_back({static_cast<std::uint16_t>(code), 0, 0, operand}); }
  void finish(std::uint32_t action) { add(BPF_RET | BPF_K, action); }

  /// Goes on if the comparison holds, else traps.
  void require(unsigned comparison, std::uint32_t operand) {
    failing_.push_back({rules_.size(), false});
    add(comparison, operand);
  }
  /// Goes on if it does not hold, else traps.
  void refuse(unsigned comparison, std::uint32_t operand) {
    failing_.push_back({rules_.size(), true});
    add(comparison, operand);
  }
  void require_argument(unsigned argument, std::uint32_t value) {
    load(low_half(argument));
    require(kEqual, value);
  }
  /// The rules that `body` adds are passed over unless the comparison holds.
  template <class F>
  void only_if(unsigned comparison, std::uint32_t operand, F body) {
    const std::size_t jump = rules_.size();
    add(comparison, operand);
    body();
    rules_[jump].jf = distance(jump, rules_.size());
  }
  /// The same unless it does not.
  template <class F>
  void unless(unsigned comparison, std::uint32_t operand, F body) {
    const std::size_t jump = rules_.size();
    add(comparison, operand);
    body();
    rules_[jump].jt = distance(jump, rules_.size());
  }

  [[nodiscard]] std::vector<sock_filter> take() {
    for (const auto& [rule, if_true] : failing_) {
      (if_true ? rules_[rule].jt : rules_[rule].jf) = distance(rule, rules_.size());
    }
    finish(SECCOMP_RET_TRAP);
    return std::move(rules_);
  }

 private:
  static std::uint8_t distance(std::size_t from, std::size_t to) {
    PV_CHECK(to - from - 1 <= 255);
    return static_cast<std::uint8_t>(to - from - 1);
  }
  struct Failing {
    std::size_t rule;
    bool if_true;
  };
  std::vector<sock_filter> rules_;
  std::vector<Failing> failing_;
};

// Scratch words.
constexpr std::uint32_t kLow = 0;
constexpr std::uint32_t kHigh = 1;

/// The 64-bit number in the scratch words is at least `bound`.
void require_at_least(Rules& rules, std::uint64_t bound) {
  rules.load_word(kHigh);
  rules.require(kAtLeast, high(bound));
  rules.unless(kAbove, high(bound), [&] {
    rules.load_word(kLow);
    rules.require(kAtLeast, low(bound));
  });
}
/// The 64-bit number in the scratch words is at most `bound`.
void require_at_most(Rules& rules, std::uint64_t bound) {
  rules.load_word(kHigh);
  rules.refuse(kAbove, high(bound));
  rules.only_if(kEqual, high(bound), [&] {
    rules.load_word(kLow);
    rules.refuse(kAbove, low(bound));
  });
}

void argument_to_scratch(Rules& rules, unsigned argument) {
  rules.load(low_half(argument));
  rules.add(BPF_ST, kLow);
  rules.load(high_half(argument));
  rules.add(BPF_ST, kHigh);
}

/// Adds argument `length`, whose upper half is 0, to the scratch number.
void add_to_scratch(Rules& rules, unsigned length) {
  rules.load_word(kLow);
  rules.add(BPF_MISC | BPF_TAX, 0);
  rules.load(low_half(length));
  rules.add(BPF_ALU | BPF_ADD | BPF_X, 0);
  rules.add(BPF_ST, kLow);  // X: what it was before
  rules.unless(BPF_JMP | BPF_JGE | BPF_X, 0, [&] {
    rules.load_word(kHigh);
    rules.add(BPF_ALU | BPF_ADD | BPF_K, 1);
    rules.add(BPF_ST, kHigh);
  });
}

/// Sleeping and waking on a word of the area; time limits and values are the caller's own affair.
void allow_futex(Rules& rules) {
  argument_to_scratch(rules, 0);
  require_at_least(rules, kAreaAddress);
  require_at_most(rules, kAreaAddress + sizeof(VcpuArea) - sizeof(std::uint32_t));
  rules.require_argument(1, FUTEX_WAIT);
  rules.finish(SECCOMP_RET_ALLOW);
}

void allow_doorbell(Rules& rules) {
  rules.require_argument(0, kDoorbellFd);
  rules.load(high_half(2));
  rules.require(kEqual, 0);
  rules.require_argument(2, sizeof(std::uint64_t));
  rules.finish(SECCOMP_RET_ALLOW);
}

/// Its domain's memory, or a page that the monitor handed it, shared and at a fixed address within the window.
void allow_mapping(Rules& rules, const FilterSpec& spec) {
  rules.load(high_half(1));
  rules.require(kEqual, 0);
  argument_to_scratch(rules, 0);
  require_at_least(rules, spec.window_low);
  require_at_most(rules, spec.window_high);  // so that the sum does not overflow
  add_to_scratch(rules, 1);
  require_at_most(rules, spec.window_high);
  // Of protection and flags the kernel reads all 64 bits.
  rules.load(low_half(2));
  rules.refuse(kAnyOf, ~std::uint32_t{PROT_READ | PROT_WRITE | PROT_EXEC});
  rules.load(high_half(2));
  rules.require(kEqual, 0);
  rules.require_argument(3, MAP_SHARED | MAP_FIXED);
  rules.load(high_half(3));
  rules.require(kEqual, 0);
  rules.load(low_half(4));
  rules.only_if(kEqual, kReadOnlyPageFd, [&] {
    rules.load(low_half(2));
    rules.refuse(kAnyOf, PROT_WRITE);
    rules.finish(SECCOMP_RET_ALLOW);
  });
  rules.unless(kEqual, kRamFd, [&] { rules.require(kEqual, kPageFd); });
  rules.finish(SECCOMP_RET_ALLOW);
}

void allow_segment_base(Rules& rules) {
  rules.load(low_half(0));
  rules.unless(kEqual, ARCH_SET_FS, [&] { rules.require(kEqual, ARCH_SET_GS); });
  rules.finish(SECCOMP_RET_ALLOW);
}

}  // namespace

std::vector<sock_filter> make_gate_filter(const FilterSpec& spec) {
  Rules rules;
  rules.load(kArchAt);
  rules.require(kEqual, AUDIT_ARCH_X86_64);
  rules.load(kPointerAt + 4);
  rules.only_if(kEqual, kVsyscallHigh, [&] { rules.finish(SECCOMP_RET_KILL_PROCESS); });
  rules.require(kEqual, high(spec.gate_return));
  rules.load(kPointerAt);
  rules.require(kEqual, low(spec.gate_return));
  rules.load(kNumberAt);
  rules.only_if(kEqual, SYS_futex, [&] { allow_futex(rules); });
  rules.only_if(kEqual, SYS_write, [&] { allow_doorbell(rules); });
  rules.only_if(kEqual, SYS_rt_sigreturn, [&] { rules.finish(SECCOMP_RET_ALLOW); });
  rules.only_if(kEqual, SYS_mmap, [&] { allow_mapping(rules, spec); });
  rules.only_if(kEqual, kAskForPage, [&] { rules.finish(SECCOMP_RET_ALLOW); });
  if (spec.sets_segment_bases) rules.only_if(kEqual, SYS_arch_prctl, [&] { allow_segment_base(rules); });
  return rules.take();
}

std::vector<sock_filter> make_question_filter() {
  return {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumberAt},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kAskForPage},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
}

}  // namespace pvisor::process
