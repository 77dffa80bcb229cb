// SPDX-License-Identifier: MIT
// Signals of the fiber engine: guest faults, stray system calls and the preemption tick, all handled in one way. The handler
// never allocates, logs or switches stacks; it only copies and redirects. What is not the guest's aborts the monitor.
#include <linux/audit.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "base/mapping.hpp"
#include "engine/fiber/vcpu_raw.hpp"
#include "engine/fiber/virtual_time.hpp"
#include "engine/signal_frame.hpp"
#include "shim/shim.hpp"

#include <sys/mman.h>

namespace pvisor::fiber {

extern "C" {
constinit thread_local FiberVcpu* volatile fiber_current = nullptr;
constinit thread_local volatile char fiber_selector = kAllow;
constinit thread_local std::uint64_t fiber_scratch = 0;
constinit thread_local volatile bool fiber_tick_armed = false;
}

namespace {

constexpr int kPrSetSyscallUserDispatch = 59;  // Linux 5.11, prctl(2)
constexpr int kDispatchOff = 0;
constexpr int kDispatchOn = 1;
constexpr std::size_t kHandlerRoom = 32 * 1024;
constexpr int kIdleTicksBeforeStop = 8;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kSpinRetryNanoseconds = 10'000'000;
constexpr std::uint32_t kDefaultMxcsr = 0x1f80;
constexpr std::uint16_t kDefaultX87Control = 0x037f;
constexpr std::uint16_t kX87Exceptions = 0x80ff;  // of the status word: those that happened, and that one waits
constexpr std::uint64_t kX87Error = 16;

/// Layout of the bytes that Linux puts into fpregs when the frame holds more than FXSAVE (asm/sigcontext.h).
struct SoftwareReserved {
  std::uint32_t magic1;
  std::uint32_t extended_size;
  std::uint64_t xfeatures;
  std::uint32_t xstate_size;
};
constexpr std::size_t kSoftwareReservedAt = 464;
constexpr std::uint32_t kXstateMagic = 0x46505853;

int tick_signal() { return SIGRTMIN + 3; }

/// What one thread needs to run guests; made at the thread's first use, undone when it ends.
class ThreadSetup {
 public:
  ThreadSetup();
  ~ThreadSetup();
  ThreadSetup(const ThreadSetup&) = delete;
  ThreadSetup& operator=(const ThreadSetup&) = delete;

  void arm() {
    fiber_tick_armed = true;
    set_timer(kTickNanoseconds, kTickNanoseconds);
  }
  /// The next tick is the verdict. It comes again soon if it finds no guest's code.
  void guard_against_spin() { set_timer(kSpinNanoseconds, kSpinRetryNanoseconds); }
  /// In the handler: no guest runs.
  void idle_tick() {
    idle_ticks_ = idle_ticks_ + 1;
    if (idle_ticks_ < kIdleTicksBeforeStop) return;
    set_timer(0, 0);
    idle_ticks_ = 0;
    fiber_tick_armed = false;
  }
  void busy_tick() { idle_ticks_ = 0; }

 private:
  void set_timer(std::uint64_t first_ns, std::uint64_t period_ns) const {
    const auto spec_of = [](std::uint64_t ns) { return timespec{static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)}; };
    const itimerspec spec{spec_of(period_ns), spec_of(first_ns)};
    ::timer_settime(timer_, 0, &spec, nullptr);
  }

  Mapping stack_;
  stack_t old_stack_{};
  timer_t timer_{};
  volatile int idle_ticks_ = 0;
};

constinit thread_local ThreadSetup* volatile this_thread = nullptr;

/// Who was told of denied system calls before: a filter's of the monitor's own calls is still for that one.
struct sigaction before_us {};

/// An unmasked x87 exception is raised by the next x87 instruction, whosever that is.
void drop_x87_exceptions(ucontext_t& context) {
  context.uc_mcontext.fpregs->swd = static_cast<std::uint16_t>(context.uc_mcontext.fpregs->swd & ~kX87Exceptions);
}

/// Copies the interrupted vector state, and gives the signal frame clean control words for our own code.
void save_vector_state(ucontext_t& context, FiberVcpu& vcpu) {
  auto* area = reinterpret_cast<std::uint8_t*>(context.uc_mcontext.fpregs);
  SoftwareReserved reserved;
  std::memcpy(&reserved, area + kSoftwareReservedAt, sizeof reserved);
  std::size_t bytes = 512;
  std::uint64_t mask = 3;  // x87 and SSE
  if (reserved.magic1 == kXstateMagic && reserved.xstate_size <= vcpu.xstate_bytes) {
    bytes = reserved.xstate_size;
    mask = reserved.xfeatures;
  } else {
    std::memset(vcpu.xstate + 512, 0, 64);
    const std::uint64_t present = 3;
    std::memcpy(vcpu.xstate + 512, &present, sizeof present);
  }
  std::memcpy(vcpu.xstate, area, bytes);
  vcpu.xstate_mask = mask;
  vcpu.page.vector_state_saved = 1;
  context.uc_mcontext.fpregs->mxcsr = kDefaultMxcsr;
  context.uc_mcontext.fpregs->cwd = kDefaultX87Control;
  drop_x87_exceptions(context);
}

/// Our own fault: say so with the little that is safe here, then die by the signal itself.
void abort_as_ours(int signal, const ucontext_t& context) {
  static constexpr char kText[] = "pvisor: internal error: fault in the monitor itself, rip ";
  char hex[19] = "0x0000000000000000";
  auto rip = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  for (int digit = 17; digit > 1; --digit, rip >>= 4) hex[digit] = "0123456789abcdef"[rip & 15];
  hex[18] = '\n';
  [[maybe_unused]] ssize_t ignored = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  ignored = ::write(STDERR_FILENO, hex, sizeof hex);
  ::signal(signal, SIG_DFL);
}

void land(ucontext_t& context, FiberVcpu& vcpu, Cause cause) {
  vcpu.cause = cause;
  vcpu.page.return_kind = shim::kReturnFull;
  set_reg(context, REG_RIP, address_of(fiber_landing));
  set_reg(context, REG_RSP, vcpu.page.home_stack);
  clear_flags(context, kFlagsOff);
}

void on_tick(int, siginfo_t*, void* raw) {
  allow_unaligned_accesses();
  const int saved_errno = errno;
  auto& context = *static_cast<ucontext_t*>(raw);
  FiberVcpu* vcpu = fiber_current;
  const bool was_guest = fiber_selector == kBlock;
  fiber_selector = kAllow;
  if (vcpu == nullptr) {
    if (this_thread != nullptr) this_thread->idle_tick();
    errno = saved_errno;
    return;
  }
  if (this_thread != nullptr) this_thread->busy_tick();
  const std::uint64_t rip = reg(context, REG_RIP);
  const bool is_virtual = is_virtual_time();  // then nothing may be disturbed, but for a guest that spins
  if (inside(rip, fiber_exit, fiber_exit_end)) {
    if (!is_virtual) vcpu->page.work_pending = 1;
    set_reg(context, REG_RIP, address_of(fiber_exit));
    clear_flags(context, kFlagsOff);
  } else if (!was_guest || inside(rip, fiber_entry_whole, fiber_entry_end)) {
    if (!is_virtual) vcpu->page.work_pending = 1;
  } else {
    save_registers(context, vcpu->page.frame);
    save_vector_state(context, *vcpu);
    land(context, *vcpu, is_virtual ? Cause::Spin : Cause::Tick);
  }
  errno = saved_errno;
}

void on_fault(int signal, siginfo_t* info, void* raw) {
  allow_unaligned_accesses();
  auto& context = *static_cast<ucontext_t*>(raw);
  FiberVcpu* vcpu = fiber_current;
  const bool was_guest = fiber_selector == kBlock;
  fiber_selector = kAllow;
  const std::uint64_t rip = reg(context, REG_RIP);
  const bool in_exit = inside(rip, fiber_exit, fiber_exit_end);
  if (signal == SIGSEGV && vector_of(signal, context) == kGeneralProtection && answer_counter(context)) {
    if (!was_guest || vcpu == nullptr) return;
    save_registers(context, vcpu->page.frame);
    save_vector_state(context, *vcpu);
    return land(context, *vcpu, Cause::Counter);
  }
  // A guest that single-steps takes the trap flag into our code: not its fault, and nobody's business here.
  if (signal == SIGTRAP && vcpu != nullptr && (in_exit || !was_guest || inside(rip, fiber_entry_whole, fiber_entry_end))) {
    clear_flags(context, kFlagTf);
    if (in_exit) set_reg(context, REG_RIP, address_of(fiber_exit));
    return;
  }
  // The guest made a call with an x87 exception waiting, and the context switch met it. A call need not keep the x87 state.
  if (signal == SIGFPE && reg(context, REG_TRAPNO) == kX87Error && vcpu != nullptr && !was_guest) return drop_x87_exceptions(context);
  if (!was_guest && inside(rip, shim_copy_touch, shim_copy_touched)) return set_reg(context, REG_RIP, address_of(shim_copy_touched));
  if (!was_guest && vcpu != nullptr && inside(rip, __start_shim_on_stack, __stop_shim_on_stack)) {
    if (vcpu->page.return_kind != shim::kReturnFull) vcpu->page.frame.rip = 0;  // on the stack that is not there
    return land(context, *vcpu, Cause::BadStack);
  }
  if (vcpu == nullptr || (!was_guest && !in_exit)) {
    if (signal == SIGSYS && (before_us.sa_flags & SA_SIGINFO) != 0) before_us.sa_sigaction(signal, info, raw);
    return abort_as_ours(signal, context);
  }

  if (!in_exit) {
    save_registers(context, vcpu->page.frame);
    save_vector_state(context, *vcpu);
  } else if (vcpu->page.return_kind != shim::kReturnFull) {
    save_kept_registers(context, vcpu->page.frame);
    vcpu->page.frame.rip = 0;  // the stack that should have told it is what faulted
    vcpu->page.frame.rflags = 0x202;
  }
  if (signal == SIGSYS && info->si_arch == AUDIT_ARCH_X86_64) return land(context, *vcpu, Cause::Syscall);
  if (signal == SIGSYS) {
    vcpu->page.frame.rip -= kIntBytes;
    vcpu->trap_vector = kGeneralProtection;
    vcpu->trap_error = kInt80Error;
    vcpu->trap_address = 0;
    return land(context, *vcpu, Cause::Trap);
  }
  vcpu->trap_vector = vector_of(signal, context);
  vcpu->trap_error = static_cast<std::uint32_t>(reg(context, REG_ERR));
  vcpu->trap_address = vcpu->trap_vector == 14 ? reinterpret_cast<std::uint64_t>(info->si_addr) : 0;
  land(context, *vcpu, Cause::Trap);
}

void install_handlers() {
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  action.sa_sigaction = on_fault;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}) {
    if (::sigaction(signal, &action, signal == SIGSYS ? &before_us : nullptr) != 0) throw HostError::from_errno("cannot handle guest faults", errno);
  }
  action.sa_sigaction = on_tick;
  if (::sigaction(tick_signal(), &action, nullptr) != 0) throw HostError::from_errno("cannot handle the preemption tick", errno);
}

ThreadSetup::ThreadSetup() {
  static std::once_flag once;
  std::call_once(once, install_handlers);

  const std::size_t minimum = std::max<std::size_t>(::getauxval(AT_MINSIGSTKSZ), 16 * 1024) + kHandlerRoom;
  stack_ = Mapping::anonymous((minimum + 4095) & ~std::size_t{4095}, PROT_READ | PROT_WRITE);
  stack_t stack{};
  stack.ss_sp = stack_.data();
  stack.ss_size = stack_.size();
  if (::sigaltstack(&stack, &old_stack_) != 0) throw HostError::from_errno("cannot set the signal stack", errno);

  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = tick_signal();
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) throw HostError::from_errno("cannot create the preemption timer", errno);

  // Absent on old kernels and under some sandboxes: then a stray `syscall` of a (trusted) guest is not caught.
  ::prctl(kPrSetSyscallUserDispatch, kDispatchOn, 0, 0, &fiber_selector);
}

ThreadSetup::~ThreadSetup() {
  ::prctl(kPrSetSyscallUserDispatch, kDispatchOff, 0, 0, 0);
  ::timer_delete(timer_);
  this_thread = nullptr;
  ::sigaltstack(&old_stack_, nullptr);
}

}  // namespace

void prepare_thread() {
  static thread_local ThreadSetup setup;
  this_thread = &setup;
}

void arm_tick() { this_thread->arm(); }
void arm_spin_guard() { this_thread->guard_against_spin(); }

}  // namespace pvisor::fiber
