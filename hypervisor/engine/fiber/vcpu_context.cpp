// SPDX-License-Identifier: MIT
#include "engine/fiber/vcpu_context.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include <pvabi/shared_info.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "engine/exit_slot.hpp"
#include "shim/shim.hpp"

namespace pvisor::fiber {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kStackBytes = 64 * 1024;

/// Where the fiber that is being left came from; set at each arrival, used to announce the jump back.
thread_local StackRange monitor_stack;

template <class T>
T read_once(const T& word) {
  return *const_cast<const volatile T*>(&word);
}

/// Room for the largest vector state a signal frame can hold.
std::size_t xstate_room() {
  const std::size_t minimum = std::max<std::size_t>(::getauxval(AT_MINSIGSTKSZ), 4096);
  return (minimum + 63) & ~std::size_t{63};
}

/// First code on the vCPU's stack: everything the guest starts with is in its frame.
void fiber_begin(boost::context::detail::transfer_t from) {
  annotated_arrival(&monitor_stack);
  fiber_current->monitor_context = from.fctx;
  asm volatile("jmp fiber_exit" : : : "memory");
  __builtin_unreachable();
}

}  // namespace

/// The way to the monitor for everything but the fast path in entry.S, and for that too under a sanitizer.
extern "C" void fiber_switch_out(FiberVcpu* vcpu) {
  const auto transfer = annotated_jump(vcpu->monitor_context, nullptr, monitor_stack, &monitor_stack);
  vcpu->monitor_context = transfer.fctx;
  vcpu->page.exit.result = reinterpret_cast<std::int64_t>(transfer.data);
}

extern "C" void fiber_landed(FiberVcpu* vcpu) {
  switch (vcpu->cause) {
    case Cause::Trap: return shim_trap(&vcpu->page, vcpu->trap_vector, vcpu->trap_error, vcpu->trap_address);
    case Cause::Syscall:
      if (shim_hypercall(&vcpu->page)) {
        home_remote(&vcpu->page);
        vcpu->page.frame.rax = static_cast<std::uint64_t>(vcpu->page.exit.result);
      }
      return;
    case Cause::Tick: vcpu->page.work_pending = 1; return;  // the exit path yields
  }
}

FiberVcpuContext::FiberVcpuContext(const FiberAddressSpace& space, const VcpuStart& start) : space_(space) {
  const std::size_t vcpu_bytes = (sizeof(FiberVcpu) + 63) & ~std::size_t{63};
  const std::size_t total = (kPage + kStackBytes + vcpu_bytes + xstate_room() + kPage - 1) & ~(kPage - 1);
  memory_ = Mapping::anonymous(total, PROT_READ | PROT_WRITE);
  if (::mprotect(memory_.data(), kPage, PROT_NONE) != 0) throw HostError::from_errno("cannot guard a vCPU's stack", errno);
  stack_ = {memory_.data() + kPage, kStackBytes};
  std::byte* top = memory_.data() + kPage + kStackBytes;
  vcpu_ = new (top) FiberVcpu{};
  vcpu_->xstate = reinterpret_cast<std::uint8_t*>(top + vcpu_bytes);
  vcpu_->xstate_bytes = xstate_room();
  vcpu_->has_avx2 = __builtin_cpu_supports("avx2") != 0;

  shim::VcpuPage& page = vcpu_->page;
  const std::uint64_t base = space.virt_base();
  page.frame = start.regs;
  page.return_kind = shim::kReturnFull;
  page.kernel_mode = 1;
  page.vcpu_id = start.id;
  page.home_stack = reinterpret_cast<std::uint64_t>(top);
  page.vcpu_info = base + start.shared_info_frame * kPage + start.id * sizeof(pv_vcpu_info);
  page.window_base = base;
  page.window_bytes = space.ram()->bytes().size();
  page.kernel_sp = start.regs.rsp;
  page.hypercall_page = start.hypercall_page;
  context_ = boost::context::detail::make_fcontext(top, kStackBytes, fiber_begin);
}

/// What the guest's exit slot says.
inline const Exit& FiberVcpuContext::exit_reason() {
  const shim::ExitSlot& slot = vcpu_->page.exit;
  if (auto* call = std::get_if<HypercallExit>(&exit_); call != nullptr && slot.kind == shim::kExitHypercall) [[likely]] {
    // Word by word, as they were written a moment ago: a wider load would wait for the stores to drain.
    const pv_cpu_user_regs& frame = vcpu_->page.frame;
    call->number = read_once(frame.rax);
    call->args[0] = read_once(frame.rdi);
    call->args[1] = read_once(frame.rsi);
    call->args[2] = read_once(frame.rdx);
    call->args[3] = read_once(frame.r10);
    call->args[4] = read_once(frame.r8);
  } else {
    take_slot(vcpu_->page, exit_);
  }
  return exit_;
}

void FiberVcpuContext::run(std::optional<std::int64_t> result, RunBudget, ExitHandler& handler) {
  if (!fiber_tick_armed) [[unlikely]] arm_tick();
  ExitHandler::Answer answer{this, result.value_or(0)};
  do {
    auto& self = static_cast<FiberVcpuContext&>(*answer.next);  // of this engine, as the handler promises
    fiber_current = self.vcpu_;
    // The answer travels in a register to whoever waits on the vCPU's stack: entry.S or fiber_switch_out.
    self.context_ = annotated_jump(self.context_, reinterpret_cast<void*>(answer.result), self.stack_, nullptr).fctx;
    answer = handler.on_exit(self.exit_reason());
  } while (answer.next != nullptr);
  fiber_current = nullptr;  // a thread's word: `this` may be gone
}

FiberVcpuContext::~FiberVcpuContext() {
  // A handler of its own exit may end it: the tick must not find it then.
  if (fiber_current == vcpu_) fiber_current = nullptr;
}

pv_cpu_user_regs FiberVcpuContext::registers() const {
  pv_cpu_user_regs regs = vcpu_->page.frame;
  if (vcpu_->page.return_kind == shim::kReturnFull) return regs;
  // In a call: it will return to what its `call` pushed.
  const std::uint64_t base = space_.virt_base();
  const auto bytes = space_.ram()->bytes();
  const std::uint64_t offset = regs.rsp - base;
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof regs.rip) {
    std::memcpy(&regs.rip, bytes.data() + offset, sizeof regs.rip);
    regs.rsp += sizeof regs.rip;
  }
  return regs;
}

}  // namespace pvisor::fiber
