// SPDX-License-Identifier: MIT
// Delivering to the guest: exceptions through its trap table, events through its callback, both by a Xen frame on its
// stack; and the way back, the iret call. Frame layout: pvabi/cpu.h.
#include "shim/shim.hpp"

#include <pvabi/shared_info.h>

namespace pvisor::shim {

namespace {

constexpr uint64_t kUpcallMask = offsetof(pv_vcpu_info, evtchn_upcall_mask);
constexpr uint64_t kCr2 = offsetof(pv_vcpu_info, arch) + offsetof(pv_arch_vcpu_info, cr2);

constexpr uint64_t kFlagIf = 1U << 9;
/// Cleared when a handler is entered: trap, nested task, resume, virtual-8086 and alignment flags. Direction stays, as on Xen.
constexpr uint64_t kFlagsClearedOnEntry = (1U << 8) | (1U << 14) | (1U << 16) | (1U << 17) | (1U << 18);

constexpr uint64_t kUpcallPending = offsetof(pv_vcpu_info, evtchn_upcall_pending);

[[nodiscard]] bool has_error_code(uint8_t vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

}  // namespace

bool is_interrupted(const VcpuPage& page) {
  if (page.work_pending != 0) return true;
  return load_byte(page.vcpu_info + kUpcallPending) != 0 && load_byte(page.vcpu_info + kUpcallMask) == 0;
}

void die(VcpuPage& page, DeathReason reason) {
  page.exit.kind = kExitDied;
  page.exit.death = reason;
  home_remote(&page);
}

PV_SHIM_ON_STACK void bounce(VcpuPage& page, uint64_t handler, bool mask_events, bool with_error_code, uint32_t error_code) {
  pv_cpu_user_regs& regs = page.frame;
  const uint8_t mask = load_byte(page.vcpu_info + kUpcallMask);
  uint64_t stack = page.kernel_mode != 0 ? regs.rsp : page.kernel_sp;
  const uint64_t cs = page.kernel_mode != 0 ? PV_FLAT_KERNEL_CS & ~3U : PV_FLAT_USER_CS;

  const uint64_t words = with_error_code ? 8 : 7;
  stack = (stack & ~uint64_t{15}) - words * sizeof(uint64_t);
  volatile uint64_t* frame = guest_words(page, stack, words);
  if (frame == nullptr) return die(page, kDeathBadGuestStack);
  *frame++ = regs.rcx;
  *frame++ = regs.r11;
  if (with_error_code) *frame++ = error_code;
  *frame++ = regs.rip;
  *frame++ = cs | (static_cast<uint64_t>(mask) << 32);
  *frame++ = (regs.rflags & ~kFlagIf) | (mask == 0 ? kFlagIf : 0);
  *frame++ = regs.rsp;
  *frame++ = PV_FLAT_KERNEL_SS;
  if (mask_events) set_byte(page.vcpu_info + kUpcallMask, 1);
  page.kernel_mode = 1;
  regs.rsp = stack;
  regs.rip = handler;
  regs.rflags = (regs.rflags & ~kFlagsClearedOnEntry) | kFlagsAlways;
  page.return_kind = kReturnFull;
}

PV_SHIM_ON_STACK void do_iret(VcpuPage& page) {
  pv_cpu_user_regs& regs = page.frame;
  const volatile uint64_t* words = guest_words(page, regs.rsp, sizeof(pv_iret_context) / sizeof(uint64_t));
  if (words == nullptr) return die(page, kDeathBadIretFrame);
  const pv_iret_context context{words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7], words[8]};
  if ((context.cs & 3) == 3) return die(page, kDeathIretToUser);
  regs.rax = context.rax;
  regs.rip = context.rip;
  regs.rsp = context.rsp;
  regs.rflags = (context.rflags & kGuestFlags) | kFlagsAlways;
  const bool in_syscall = (context.flags & PV_VGCF_IN_SYSCALL) != 0;
  regs.rcx = in_syscall ? context.rip : context.rcx;
  regs.r11 = in_syscall ? context.rflags : context.r11;
  page.return_kind = kReturnFull;
  if ((context.rflags & kFlagIf) != 0) {
    store_byte(page.vcpu_info + kUpcallMask, 0);
  } else {
    set_byte(page.vcpu_info + kUpcallMask, 1);
  }
}

}  // namespace pvisor::shim

using namespace pvisor::shim;

extern "C" PV_SHIM_ON_STACK void shim_deliver_event(VcpuPage* page) {
  if (page->event.address == 0) return die(*page, kDeathNoEventCallback);
  if (page->return_kind != kReturnFull) {
    // A call was interrupted: it returns to what its `call` pushed.
    const volatile uint64_t* pushed = guest_words(*page, page->frame.rsp, 1);
    if (pushed == nullptr) return die(*page, kDeathBadGuestStack);
    page->frame.rip = *pushed;
    page->frame.rsp += sizeof(uint64_t);
    page->frame.rflags = kFlagsAlways;
  }
  bounce(*page, page->event.address, true, false, 0);
}

extern "C" void shim_trap(VcpuPage* page, uint8_t vector, uint32_t error_code, uint64_t address) {
  constexpr uint8_t kPageFault = 14;
  constexpr uint32_t kFromUserMode = 4;
  page->return_kind = kReturnFull;
  // Guest kernel and guest user both run in the CPU's user mode: the error code tells which of the guest's it was, as on Xen.
  if (vector == kPageFault) error_code = (error_code & ~kFromUserMode) | (page->kernel_mode != 0 ? 0 : kFromUserMode);
  const pv_trap_info& trap = page->traps[vector];
  if (trap.address == 0) {
    page->exit.kind = kExitFault;
    page->exit.vector = vector;
    page->exit.error_code = error_code;
    page->exit.address = address;
    home_remote(page);
    return;
  }
  if (vector == kPageFault && !copy_to_guest(*page, page->vcpu_info + kCr2, &address, sizeof address)) {
    return die(*page, kDeathDoubleFault);
  }
  bounce(*page, trap.address, (trap.flags & PV_TRAP_MASK_EVENTS) != 0, has_error_code(vector), error_code);
}
