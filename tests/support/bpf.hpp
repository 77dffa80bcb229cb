// SPDX-License-Identifier: MIT
// What the host kernel answers to a system call under a seccomp filter: an interpreter of the instructions that ours use. It throws
// where the kernel would not have taken the filter.
//
//   CHECK(run_filter(rules, {.nr = SYS_write, .arch = AUDIT_ARCH_X86_64}) == SECCOMP_RET_TRAP);
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace pvisor {

class Bpf {
 public:
  Bpf(std::span<const sock_filter> rules, const seccomp_data& call) : rules_(rules), call_(call) {}

  std::uint32_t run() {
    for (std::size_t at = 0;; ++at) {
      const sock_filter& rule = rules_[checked(at, rules_.size())];
      if (rule.code == (BPF_RET | BPF_K)) return rule.k;
      if (BPF_CLASS(rule.code) == BPF_JMP) {
        at += holds(rule) ? rule.jt : rule.jf;
      } else {
        compute(rule);
      }
    }
  }

 private:
  static std::size_t checked(std::size_t index, std::size_t size) {
    if (index >= size) throw std::runtime_error("outside of the filter, its scratch words or the call");
    return index;
  }
  [[nodiscard]] bool holds(const sock_filter& rule) const {
    const std::uint32_t other = BPF_SRC(rule.code) == BPF_X ? x_ : rule.k;
    switch (BPF_OP(rule.code)) {
      case BPF_JEQ: return a_ == other;
      case BPF_JGE: return a_ >= other;
      case BPF_JGT: return a_ > other;
      case BPF_JSET: return (a_ & other) != 0;
      default: throw std::runtime_error("a jump that no filter of ours has");
    }
  }
  void compute(const sock_filter& rule) {
    switch (rule.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (rule.k % 4 != 0) throw std::runtime_error("an unaligned word");
        std::memcpy(&a_, reinterpret_cast<const std::byte*>(&call_) + checked(rule.k, sizeof call_), sizeof a_);
        return;
      case BPF_LD | BPF_MEM: a_ = scratch_[checked(rule.k, BPF_MEMWORDS)]; return;
      case BPF_ST: scratch_[checked(rule.k, BPF_MEMWORDS)] = a_; return;
      case BPF_MISC | BPF_TAX: x_ = a_; return;
      case BPF_ALU | BPF_ADD | BPF_X: a_ += x_; return;
      case BPF_ALU | BPF_ADD | BPF_K: a_ += rule.k; return;
      default: throw std::runtime_error("an instruction that no filter of ours has");
    }
  }

  std::span<const sock_filter> rules_;
  seccomp_data call_;
  std::uint32_t a_ = 0, x_ = 0;
  std::uint32_t scratch_[BPF_MEMWORDS] = {};
};

inline std::uint32_t run_filter(std::span<const sock_filter> rules, const seccomp_data& call) { return Bpf(rules, call).run(); }

}  // namespace pvisor
