// SPDX-License-Identifier: MIT
// The stack switch: Boost.Context's jump, annotated for the address sanitizer in this one file
// (the build defines PVISOR_ASAN_FIBERS). The fcontext level of Boost.Context
// is used because a guest is never unwound: boost::context::fiber would throw through the guest when it is destroyed.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>

#if defined(PVISOR_ASAN_FIBERS)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace pvisor::fiber {

/// A stack as the sanitizers want to know it.
struct StackRange {
  const void* bottom = nullptr;
  std::size_t size = 0;
};

/// Whether somebody will ever jump back to where a jump leaves.
enum class Leaving : std::uint8_t { ForNow, ForGood };

/// Jumps to `to` on stack `target`; returns when somebody jumps back, with that somebody's context. `came_from` receives the
/// stack that was left for this one, where a sanitizer must be told.
inline boost::context::detail::transfer_t annotated_jump(boost::context::detail::fcontext_t to, void* data,
                                                         [[maybe_unused]] StackRange target,
                                                         [[maybe_unused]] StackRange& came_from,
                                                         [[maybe_unused]] Leaving leaving = Leaving::ForNow) {
#if defined(PVISOR_ASAN_FIBERS)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(leaving == Leaving::ForNow ? &fake_stack : nullptr, target.bottom, target.size);
  const auto transfer = boost::context::detail::jump_fcontext(to, data);
  __sanitizer_finish_switch_fiber(fake_stack, &came_from.bottom, &came_from.size);
  return transfer;
#else
  // jump_fcontext reached by a jump, its return address pushed by hand. A `call` would leave an entry on the CPU's stack of
  // return predictions, which the guest's next `ret` would take for its own: each such mistake costs some 20 cycles.
  boost::context::detail::transfer_t transfer;
  asm volatile(
      "leaq 1f(%%rip), %%rax\n\t"
      "leaq -128(%%rsp), %%rsp\n\t"  // past the red zone
      "pushq %%rax\n\t"
      "jmp jump_fcontext\n"
      "1:\tsubq $-128, %%rsp"
      : "=a"(transfer.fctx), "=d"(transfer.data), "+D"(to), "+S"(data)
      :
      : "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
        "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  return transfer;
#endif
}

/// First thing on a new stack.
inline void annotated_arrival([[maybe_unused]] StackRange& came_from) {
#if defined(PVISOR_ASAN_FIBERS)
  __sanitizer_finish_switch_fiber(nullptr, &came_from.bottom, &came_from.size);
#endif
}

/// Before a stack is given back: what was left on it must not be reported to whoever gets the memory next.
inline void forget_stack([[maybe_unused]] StackRange stack) {
#if defined(PVISOR_ASAN_FIBERS)
  ASAN_UNPOISON_MEMORY_REGION(stack.bottom, stack.size);
#endif
}

}  // namespace pvisor::fiber
