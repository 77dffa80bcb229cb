// SPDX-License-Identifier: MIT
// Signals in a vCPU's process: the guest's faults, its stray system calls, and the monitor's kicks. A handler does for the
// guest what the exit path does after a call, and returns to it by sigreturn: the kernel keeps the vector state meanwhile, so nothing
// of it is ever copied here. Kicks wait while a handler runs; faults do not, for the shim may touch memory that is not there.
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>

#include "engine/process/stub/gate.hpp"
#include "engine/process/stub/stub.hpp"
#include "engine/signal_frame.hpp"
#include "shim/shim.hpp"

namespace pvisor::process {

namespace {

constexpr size_t kSignalStackBytes = 128 * 1024;  // two frames with the largest vector state, and the shim between them

alignas(4096) uint8_t signal_stack[kSignalStackBytes];

/// What the exit path does, for a guest whose registers are in the frame; then it goes on by sigreturn.
void leave_for_guest(ucontext_t& context) {
  shim::VcpuPage& page = vcpu_area.page;
  while (shim::is_interrupted(page)) {
    if (__atomic_exchange_n(&page.work_pending, 0, __ATOMIC_ACQ_REL) != 0) {
      page.exit.kind = shim::kExitPreempted;
      home_remote(&page);
    } else {
      shim_deliver_event(&page);
    }
  }
  load_registers(context, page.frame);
}

/// Goes on with `function` on the home stack, from which it does not return.
void leave_for(ucontext_t& context, void (*function)()) {
  set_reg(context, REG_RIP, reinterpret_cast<uint64_t>(function));
  set_reg(context, REG_RSP, address_of(stub_home_top) - sizeof(uint64_t));
  clear_flags(context, kFlagsOff);
}

void die_of_bad_stack() {
  for (;;) shim::die(vcpu_area.page, shim::kDeathBadGuestStack);
}

/// A fault in the stub itself: the guest has jumped into it, or written where it should not.
void die_in_stub() {
  vcpu_area.page.exit.kind = shim::kExitFault;
  for (;;) home_remote(&vcpu_area.page);
}

void on_kick(int, siginfo_t*, void* raw) {
  allow_unaligned_accesses();
  auto& context = *static_cast<ucontext_t*>(raw);
  __atomic_exchange_n(&vcpu_area.signs.kick_pending, 0, __ATOMIC_SEQ_CST);  // before anything is looked at
  const uint64_t rip = reg(context, REG_RIP);
  if (inside(rip, stub_exit, stub_exit_end)) {
    set_reg(context, REG_RIP, address_of(stub_exit));
    return clear_flags(context, kFlagsOff);
  }
  if (inside(rip, stub_text, stub_text_end)) return;  // the exit path will look
  save_registers(context, vcpu_area.page.frame);
  vcpu_area.page.return_kind = shim::kReturnFull;
  leave_for_guest(context);
}

/// A `syscall` of the guest's: a hypercall. By another gate: a software interrupt that nobody may raise.
void on_system_call(const siginfo_t& info) {
  shim::VcpuPage& page = vcpu_area.page;
  if (info.si_arch != AUDIT_ARCH_X86_64) {
    page.frame.rip -= kIntBytes;
    return shim_trap(&page, kGeneralProtection, kInt80Error, 0);
  }
  if (!shim_hypercall(&page)) return;
  home_remote(&page);
  page.frame.rax = static_cast<uint64_t>(page.exit.result);
}

/// A fault whose rip is in the stub. True: seen to.
bool is_of_stub(int signal, ucontext_t& context, const siginfo_t& info) {
  shim::VcpuPage& page = vcpu_area.page;
  const uint64_t rip = reg(context, REG_RIP);
  const bool in_exit = inside(rip, stub_exit, stub_exit_end);
  if (!inside(rip, stub_text, stub_text_end)) return false;
  if (signal == SIGTRAP && reg(context, REG_TRAPNO) == 1) {
    // A guest that single-steps takes the trap flag into our code: not its fault, and nobody's business here.
    clear_flags(context, kFlagTf);
    if (in_exit) set_reg(context, REG_RIP, address_of(stub_exit));
    return true;
  }
  if (in_exit) {
    if (page.return_kind == shim::kReturnFull) return false;
    save_kept_registers(context, page.frame);
    page.frame.rip = 0;  // the stack that should have told it is what faulted
    page.frame.rflags = shim::kFlagsAlways;
    return false;
  }
  if (signal == SIGSYS && rip == address_of(stub_gate_return)) {
    set_reg(context, REG_RAX, static_cast<uint64_t>(kRefused));
  } else if (inside(rip, shim_copy_touch, shim_copy_touched)) {
    set_reg(context, REG_RIP, address_of(shim_copy_touched));
  } else if (inside(rip, __start_shim_on_stack, __stop_shim_on_stack)) {
    if (page.return_kind != shim::kReturnFull) page.frame.rip = 0;  // on the stack that is not there
    leave_for(context, die_of_bad_stack);
  } else {
    save_registers(context, page.frame);
    page.return_kind = shim::kReturnFull;
    page.exit.vector = vector_of(signal, context);
    page.exit.error_code = static_cast<uint32_t>(reg(context, REG_ERR));
    page.exit.address = page.exit.vector == kPageFault ? address_of(info.si_addr) : 0;
    leave_for(context, die_in_stub);
  }
  return true;
}

void on_fault(int signal, siginfo_t* info, void* raw) {
  allow_unaligned_accesses();
  auto& context = *static_cast<ucontext_t*>(raw);
  shim::VcpuPage& page = vcpu_area.page;
  const bool in_exit = inside(reg(context, REG_RIP), stub_exit, stub_exit_end);
  if (is_of_stub(signal, context, *info)) return;
  if (!in_exit) save_registers(context, page.frame);
  page.return_kind = shim::kReturnFull;
  if (signal == SIGSYS) {
    on_system_call(*info);
  } else {
    const uint8_t vector = vector_of(signal, context);
    const uint64_t address = vector == kPageFault ? address_of(info->si_addr) : 0;
    shim_trap(&page, vector, static_cast<uint32_t>(reg(context, REG_ERR)), address);
  }
  leave_for_guest(context);
}

/// What the kernel takes (asm/signal.h).
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  uint64_t flags;
  void (*restorer)();
  uint64_t mask;
};
constexpr uint64_t kRestorer = 0x04000000;
constexpr uint64_t bit_of(int signal) { return uint64_t{1} << (signal - 1); }

}  // namespace

int64_t install_signals() {
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof signal_stack;
  int64_t error = system_call(kSigaltstack, address_of(&stack), 0U);
  KernelAction action{on_fault, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | kRestorer, stub_restore, bit_of(kKickSignal)};
  static constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
  for (const int signal : kFaults) {
    if (error == 0) error = system_call(kRtSigaction, signal, address_of(&action), 0U, sizeof action.mask);
  }
  action.handler = on_kick;
  action.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | kRestorer;
  if (error == 0) error = system_call(kRtSigaction, kKickSignal, address_of(&action), 0U, sizeof action.mask);
  const uint64_t none = 0;  // launch.cpp had all of them blocked
  if (error == 0) error = system_call(kRtSigprocmask, SIG_SETMASK, address_of(&none), 0U, sizeof none);
  return error;
}

}  // namespace pvisor::process
