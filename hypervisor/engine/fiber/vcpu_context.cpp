// SPDX-License-Identifier: MIT
#include "engine/fiber/vcpu_context.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include <pvabi/cpu.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "engine/exit_slot.hpp"
#include "engine/fiber/gs_base_raw.hpp"
#include "engine/start_page.hpp"
#include "engine/fiber/virtual_time.hpp"
#include "shim/shim.hpp"

namespace pvisor::fiber {

namespace {

// The shim's, and the monitor's while it answers the vCPU's calls.
constexpr std::size_t kStackBytes = 256 * 1024;
static_assert(kStackBytes >= ExitHandler::kStackBytes + 64 * 1024, "the rest is for the shim");

/// A thread in run(): whom it tells of exits, and how to get back to it.
struct Running {
  ExitHandler* handler = nullptr;
  boost::context::detail::fcontext_t run = nullptr;
  StackRange stack;
  bool has_failure = false;
};
thread_local Running running;

/// What the handler threw on a vCPU's stack. Apart, because access to a variable with a destructor costs a call.
thread_local std::exception_ptr failure;

/// The stack of a vCPU that was destroyed by the handler of its own exit: given back once nobody stands on it.
thread_local Mapping dead_stack;

/// What a jump brings along: where to note how to get back to the one that jumped, and the answer for the one it jumps to.
struct Handover {
  boost::context::detail::fcontext_t* left;
  StackRange* left_stack;
  std::int64_t result;
};

/// First thing after each jump.
std::int64_t arrive(boost::context::detail::transfer_t from, const StackRange& came_from) {
  const auto& handover = *static_cast<const Handover*>(from.data);
  *handover.left = from.fctx;
  *handover.left_stack = came_from;
  return handover.result;
}

template <class T>
T read_once(const T& word) {
  return *const_cast<const volatile T*>(&word);
}

/// Room for the largest vector state a signal frame can hold.
std::size_t xstate_room() {
  const std::size_t minimum = std::max<std::size_t>(::getauxval(AT_MINSIGSTKSZ), 4096);
  return (minimum + 63) & ~std::size_t{63};
}

/// What the guest wants in its x87 and SSE registers is loaded when it is entered, as after an interruption.
void start_vector_state(FiberVcpu& vcpu, const pv_fpu_ctxt& wanted) {
  std::uint8_t image[512];
  start_fpu(image, wanted);
  std::memcpy(vcpu.xstate, image, sizeof image);
  vcpu.xstate_mask = 3;  // x87 and SSE
  std::memcpy(vcpu.xstate + sizeof wanted, &vcpu.xstate_mask, sizeof vcpu.xstate_mask);
  vcpu.page.vector_state_saved = 1;
}

/// First code on the vCPU's stack: everything the guest starts with is in its frame.
void fiber_begin(boost::context::detail::transfer_t from) {
  StackRange came_from;
  annotated_arrival(came_from);
  arrive(from, came_from);
  if (is_virtual_time()) arm_spin_guard();
  asm volatile("jmp fiber_exit" : : : "memory");
  __builtin_unreachable();
}

}  // namespace

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

/// On the vCPU's stack: reports what the exit slot says and returns with the answer, after others have run perhaps.
/// Below this frame are entry.S and the guest, which cannot be unwound: an exception is taken to run() by hand.
extern "C" std::int64_t fiber_remote(FiberVcpu* vcpu) {
  FiberVcpuContext& self = *vcpu->context;
  ExitHandler::Answer answer{nullptr, 0};
  try {
    answer = running.handler->on_exit(self.exit_reason());
  } catch (...) {
    failure = std::current_exception();
    running.has_failure = true;
  }
  const std::int64_t result =
      answer.next == &self ? answer.result : FiberVcpuContext::hand_over(fiber_current != nullptr ? &self : nullptr, answer);
  if (is_virtual_time()) [[unlikely]] arm_spin_guard();
  return result;
}

extern "C" bool home_set_segment_base(shim::VcpuPage*, std::uint32_t which, std::uint64_t base) {
  if (which != PV_SEGBASE_GS_KERNEL) return false;  // FS leads to the host's thread-local words
  set_gs_base(base);
  return true;
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
    case Cause::BadStack: return shim::die(vcpu->page, shim::kDeathBadGuestStack);
    case Cause::Tick: vcpu->page.work_pending = 1; return;  // the exit path yields
    case Cause::Counter: return;
    case Cause::Spin:
      vcpu->page.exit.kind = shim::kExitDied;
      vcpu->page.exit.death = shim::kDeathSpins;
      return home_remote(&vcpu->page);
  }
}

FiberVcpuContext::FiberVcpuContext(const FiberAddressSpace& space, const VcpuStart& start) {
  const std::size_t vcpu_bytes = (sizeof(FiberVcpu) + 63) & ~std::size_t{63};
  const std::size_t total = (kPage + kStackBytes + vcpu_bytes + xstate_room() + kPage - 1) & ~(kPage - 1);
  memory_ = Mapping::anonymous(total, PROT_READ | PROT_WRITE);
  if (::mprotect(memory_.data(), kPage, PROT_NONE) != 0) throw HostError::from_errno("cannot guard a vCPU's stack", errno);
  stack_ = {memory_.data() + kPage, kStackBytes};
  std::byte* top = memory_.data() + kPage + kStackBytes;
  vcpu_ = new (top) FiberVcpu{};
  vcpu_->xstate = reinterpret_cast<std::uint8_t*>(top + vcpu_bytes);
  vcpu_->xstate_bytes = xstate_room();
  vcpu_->context = this;
  vcpu_->has_avx2 = __builtin_cpu_supports("avx2") != 0;

  shim::VcpuPage& page = vcpu_->page;
  start_page(page, start);
  page.home_stack = reinterpret_cast<std::uint64_t>(top);
  page.window_base = space.virt_base();
  page.window_bytes = space.ram()->bytes().size();
  vcpu_->gs_base = start.context.gs_base_kernel;
  if ((start.context.flags & PV_VGCF_I387_VALID) != 0) start_vector_state(*vcpu_, start.context.fpu_ctxt);
  context_ = boost::context::detail::make_fcontext(top, kStackBytes, fiber_begin);
}

std::int64_t FiberVcpuContext::hand_over(FiberVcpuContext* from, ExitHandler::Answer answer) {
  using boost::context::detail::fcontext_t;
  fcontext_t nowhere = nullptr;
  StackRange unknown;
  Handover handover{from != nullptr ? &from->context_ : &nowhere, &unknown, answer.result};
  // Of this engine, as the handler promises.
  auto* next = static_cast<FiberVcpuContext*>(answer.next);
  fiber_current = next != nullptr ? next->vcpu_ : nullptr;
  if (next != nullptr) give_gs_base_to(*next->vcpu_);
  const fcontext_t to = next != nullptr ? next->context_ : running.run;
  const StackRange target = next != nullptr ? next->stack_ : running.stack;
  StackRange came_from;
  const auto transfer = annotated_jump(to, &handover, target, came_from, from != nullptr ? Leaving::ForNow : Leaving::ForGood);
  return arrive(transfer, came_from);
}

void FiberVcpuContext::run(std::optional<std::int64_t> result, RunBudget, ExitHandler& handler) {
  if (!is_virtual_time() && !fiber_tick_armed) [[unlikely]] arm_tick();
  running.handler = &handler;
  fiber_current = vcpu_;
  give_gs_base_to(*vcpu_);
  Handover handover{&running.run, &running.stack, result.value_or(0)};
  StackRange came_from;
  arrive(annotated_jump(context_, &handover, stack_, came_from), came_from);
  dead_stack = Mapping();
  if (std::exchange(running.has_failure, false)) [[unlikely]] std::rethrow_exception(std::exchange(failure, nullptr));
}

FiberVcpuContext::~FiberVcpuContext() {
  forget_stack(stack_);
  forget_gs_base_of(*vcpu_);
  // A handler of its own exit may end it: then it stands on this stack, and the tick must not find the vCPU any more.
  if (fiber_current != vcpu_) return;
  fiber_current = nullptr;
  dead_stack = std::move(memory_);
}

void FiberVcpuContext::set_vcpu_info(std::uint64_t address) { vcpu_->page.vcpu_info = address; }

pv_cpu_user_regs FiberVcpuContext::registers() const {
  pv_cpu_user_regs regs = vcpu_->page.frame;
  if (vcpu_->page.return_kind == shim::kReturnFull) return regs;
  // In a call: it will return to what its `call` pushed.
  if (shim::copy_from_guest(vcpu_->page, &regs.rip, regs.rsp, sizeof regs.rip)) regs.rsp += sizeof regs.rip;
  return regs;
}

}  // namespace pvisor::fiber
