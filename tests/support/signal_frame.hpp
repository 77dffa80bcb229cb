// SPDX-License-Identifier: MIT
// SignalFrame: what Linux takes from the stack at rt_sigreturn (asm/sigcontext.h, struct ucontext), for guests that make it up.
//
//   SignalFrame frame = SignalFrame::to(guest, guest.code(ProcessGuest::Does::Spin));
//   frame.mask = ~0;                                       // with all signals blocked
//   std::memcpy(guest.memory(at), &frame, sizeof frame);
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/process_guest.hpp"

namespace pvisor {

struct SignalFrame {
  static constexpr std::uint64_t kStrictSs = 6;  ///< flags: `ss` is to be taken as it is

  std::uint64_t flags, link, stack[3];
  std::uint64_t r8_to_15[8], rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  std::uint16_t cs, gs, fs, ss;
  std::uint64_t error, trap, old_mask, cr2, fpu, reserved[8];
  std::uint64_t mask;

  /// One that leads to `address`, as if the guest had jumped there in the middle of its orders' call.
  static SignalFrame to(const ProcessGuest& guest, std::uint64_t address) {
    SignalFrame frame{};
    frame.rbx = guest.address(ProcessGuest::kOrders);
    frame.rsp = guest.address(ProcessGuest::kStack + 1) - sizeof(std::uint64_t);  // where the return address lies
    frame.rip = address;
    frame.rflags = 0x202;
    frame.cs = 0x33;
    frame.ss = 0x2b;
    return frame;
  }
};
static_assert(offsetof(SignalFrame, mask) == 37 * 8);

}  // namespace pvisor
