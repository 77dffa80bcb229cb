// SPDX-License-Identifier: MIT
#include "engine/process/vcpu_context.hpp"

#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "base/host_facts.hpp"
#include "engine/exit_slot.hpp"
#include "engine/process/filter.hpp"
#include "engine/process/processes.hpp"
#include "engine/process/sealed_file.hpp"
#include "engine/process/stub_image.hpp"
#include "engine/start_page.hpp"

namespace pvisor::process {

namespace {

constexpr std::uint64_t kPatienceNs = 10'000'000;  ///< for a vCPU that was asked to come out
constexpr std::uint64_t kSpinNs = 30'000;
constexpr int kWordsAtOnce = 4;  ///< 256 ports: as many sends as there are calls in a slice
constexpr std::uint64_t kHwcap2Fsgsbase = 2;

/// Reads a word that the guest may write to at any time, once.
template <class T>
T fetch(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

bool send_signal(int pidfd, int signal) { return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0U) == 0; }

Mapping map_area(int file) {
  void* at = ::mmap(nullptr, kAreaBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at == MAP_FAILED) throw HostError::from_errno("cannot map the memory shared with a vCPU", errno);
  return {at, kAreaBytes};
}

std::string host_text(std::uint64_t error) { return std::generic_category().message(static_cast<int>(error & 0xfff)); }

const char* text_of(std::uint64_t step) {
  switch (step) {
    case kStepUnmap: return "unmapping what exec left";
    case kStepSignals: return "installing its signal handlers";
    case kStepFilter: return "installing its seccomp filter";
    case kStepFilterHolds: return "its seccomp filter does not hold";
    default: return "an unknown step";
  }
}

}  // namespace

ProcessVcpu::ProcessVcpu(VcpuProcesses& processes, ProcessAddressSpace& space, const VcpuStart& start)
    : processes_(processes), space_(space) {
  const UniqueFd file = make_sealed_file("pvisor-vcpu-area", kAreaBytes);
  if (!file.is_open()) throw HostError::from_errno("cannot get memory to share with a vCPU", errno);
  area_memory_ = map_area(file.get());
  area_ = new (area_memory_.data()) VcpuArea;  // zeroed by the host, and left so
  set_up(start);
  unmapped_[0] = space.pages();
  process_ = processes_.start(file.get(), space.file());
  processes_.watch(*this);
  space_.add(*this);
}

ProcessVcpu::~ProcessVcpu() {
  space_.remove(*this);
  processes_.forget(*this);
  if (!is_dead_) kill_and_reap(pidfd());
  if (is_dead_ && !death_taken_) processes_.death_taken();
}

void ProcessVcpu::set_up(const VcpuStart& start) {
  shim::VcpuPage& page = area_->page;
  start_page(page, start);
  page.window_base = space_.virt_base();
  page.window_bytes = space_.pages() * kPage;
  Setup& setup = area_->setup;
  setup.fs_base = start.context.fs_base;
  setup.gs_base = start.context.gs_base_kernel;
  setup.has_fsgsbase = (::getauxval(AT_HWCAP2) & kHwcap2Fsgsbase) != 0 ? 1 : 0;
  if ((start.context.flags & PV_VGCF_I387_VALID) != 0) {
    setup.has_fpu = 1;
    start_fpu(setup.fpu, start.context.fpu_ctxt);
  }
  const auto rules = make_gate_filter({stub_image().gate_return, page.window_base, page.window_base + page.window_bytes,
                                       setup.has_fsgsbase == 0});
  PV_CHECK(rules.size() <= std::size(setup.filter));
  static_assert(sizeof(FilterRule) == sizeof(sock_filter));
  std::memcpy(setup.filter, rules.data(), rules.size() * sizeof(sock_filter));
  setup.rules = static_cast<std::uint32_t>(rules.size());
}

void ProcessVcpu::set_running(bool running) {
  if (running == running_) return;
  running_ = running;
  if (running) {
    processes_.began(*this);
  } else {
    processes_.ended(*this);
  }
}

void ProcessVcpu::run(std::optional<std::int64_t> result, RunBudget, ExitHandler&) {
  if (result) result_ = *result;
  go_on();
}

void ProcessVcpu::go_on() {
  set_running(true);
  if (is_dead_) return;
  if (std::exchange(frozen_, false)) {
    send_signal(pidfd(), SIGCONT);  // it was in the middle of something, and comes out as soon as it can
  } else {
    pass_turn();
  }
}

void ProcessVcpu::pass_turn() {
  if (!unmapped_.empty()) list_views();
  HandOff& hand_off = area_->hand_off;
  // Only when needed: the word shares a cache line with what the shim writes in each call.
  if (std::exchange(asked_out_, false)) __atomic_store_n(&area_->page.work_pending, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&hand_off.result, result_, __ATOMIC_RELAXED);
  if (const std::uint32_t spins = processes_.spins(); spins != fetch(area_->signs.spins)) {
    __atomic_store_n(&area_->signs.spins, spins, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&hand_off.turn, kGuestsTurn, __ATOMIC_SEQ_CST);
  // Its word is a hint: one that lies sleeps on.
  if (fetch(area_->signs.stub_asleep) != 0) ::syscall(SYS_futex, &hand_off.turn, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void ProcessVcpu::set_monitor_asleep(bool asleep) {
  __atomic_store_n(&area_->signs.monitor_asleep, asleep ? 1U : 0U, __ATOMIC_SEQ_CST);
}

const Exit* ProcessVcpu::take_exit() {
  if (is_dead_ && !death_taken_) {
    death_taken_ = true;
    processes_.death_taken();
    set_running(false);
    exit_ = DiedExit{death_};
    return &exit_;
  }
  if (!running_ || is_dead_ || !has_turn()) return nullptr;
  if (!read_exit()) {
    pass_turn();
    return nullptr;
  }
  set_running(false);
  return &exit_;
}

bool ProcessVcpu::read_exit() {
  const HandOff& said = area_->hand_off;
  switch (fetch(said.kind)) {
    case shim::kExitHypercall:
    case shim::kExitListedCall: {
      HypercallExit& call = exit_.emplace<HypercallExit>();
      call.number = fetch(said.number);
      for (std::size_t i = 0; i < call.args.size(); ++i) call.args[i] = fetch(said.args[i]);
      return true;
    }
    case shim::kExitFault:
      exit_ = FaultExit{static_cast<std::uint8_t>(fetch(said.args[0])), static_cast<std::uint32_t>(fetch(said.args[1])), fetch(said.args[2])};
      return true;
    case shim::kExitPreempted: exit_ = PreemptedExit{}; return true;
    case shim::kExitDied: exit_ = DiedExit{death_text(static_cast<std::uint32_t>(fetch(said.args[0])))}; return true;
    case kExitMoreViews: return false;
    case kExitSetupFailed:
      death_ = fmt::format("its process cannot be set up: {}: {}", text_of(fetch(said.args[0])), host_text(fetch(said.args[1])));
      break;
    case kExitViewRefused:
      death_ = fmt::format("its process cannot map its memory: {}", host_text(fetch(said.args[0])));
      break;
    default: death_ = "its exit slot holds nonsense"; break;
  }
  exit_ = DiedExit{death_};
  return true;
}

void ProcessVcpu::allow_posted(std::uint32_t port, bool allowed) {
  const std::uint64_t bit = std::uint64_t{1} << (port % 64);
  std::uint64_t& word = area_->may_post[port / 64];
  if (allowed) {
    __atomic_fetch_or(&word, bit, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_and(&word, ~bit, __ATOMIC_RELAXED);
  }
}

void ProcessVcpu::take_posted(PostedSends& sends) {
  std::uint64_t words = __atomic_load_n(&area_->posted.words, __ATOMIC_ACQUIRE);
  for (int left = kWordsAtOnce; words != 0 && left > 0; words &= words - 1, --left) {
    const auto word = static_cast<std::uint32_t>(std::countr_zero(words));
    // A word's bit is taken before its ports: one that is posted in between sets it again.
    __atomic_fetch_and(&area_->posted.words, ~(std::uint64_t{1} << word), __ATOMIC_SEQ_CST);
    for (std::uint64_t bits = __atomic_exchange_n(&area_->posted.bits[word], 0, __ATOMIC_SEQ_CST); bits != 0; bits &= bits - 1) {
      sends.on_posted(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
    }
  }
}

void ProcessVcpu::kick() {
  if (!running_ || is_dead_ || has_turn()) return;
  // Only while an earlier one is unacknowledged may this one be left out: the stub clears the word before it looks for events.
  if (__atomic_exchange_n(&area_->signs.kick_pending, 1, __ATOMIC_SEQ_CST) == 0) send_signal(pidfd(), kKickSignal);
}

bool ProcessVcpu::stop() {
  if (!running_) return true;
  if (is_dead_) return false;
  if (!has_turn()) {
    asked_out_ = true;
    __atomic_store_n(&area_->page.work_pending, 1, __ATOMIC_SEQ_CST);
    send_signal(pidfd(), kKickSignal);
    if (was_late_ || !wait_for_exit(kPatienceNs)) {
      if (is_dead_) return false;
      was_late_ = true;  // a hostile one costs the others this wait once, and not for each page that it shares
      freeze();
      if (is_dead_) return false;
      if (frozen_ = !has_turn(); frozen_) {
        set_running(false);
        return true;
      }
      send_signal(pidfd(), SIGCONT);
    }
  }
  const std::uint32_t kind = fetch(area_->hand_off.kind);
  if (kind != shim::kExitPreempted && kind != kExitMoreViews) return false;
  set_running(false);
  return true;
}

/// True when it has handed over; false when the time is up or the process has ended.
bool ProcessVcpu::wait_for_exit(std::uint64_t nanoseconds) {
  const std::uint64_t start = monotonic_ns();
  std::uint64_t now = start;
  for (; now - start < kSpinNs; now = monotonic_ns()) {
    for (int i = 0; i < 16; ++i) {
      if (has_turn()) return true;
      __builtin_ia32_pause();
    }
  }
  set_monitor_asleep(true);
  while (!has_turn() && !is_dead_ && now - start < nanoseconds) {
    const std::uint64_t left = nanoseconds - (now - start);
    const timespec patience{0, static_cast<long>(left)};
    pollfd heard[] = {{processes_.doorbell(), POLLIN, 0}, {pidfd(), POLLIN, 0}};
    ::ppoll(heard, 2, &patience, nullptr);
    if ((heard[0].revents & POLLIN) != 0) processes_.silence_doorbell();
    if ((heard[1].revents & POLLIN) != 0) note_death();
    now = monotonic_ns();
  }
  set_monitor_asleep(processes_.is_sleeping());
  return has_turn() && !is_dead_;
}

/// Takes it off the CPU by what no process can block, and returns when it is off.
void ProcessVcpu::freeze() {
  send_signal(pidfd(), SIGSTOP);
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd()), &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0) {
    if (errno != EINTR) return;
  }
  if (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED) {
    ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd()), &info, WSTOPPED | WNOHANG | __WALL);
  } else {
    note_death();
  }
}

void ProcessVcpu::note_death() {
  if (std::exchange(is_dead_, true)) return;
  processes_.note_death(*this);
  const std::string how = reap(pidfd());
  death_ = fmt::format("its process has ended: {}", how.empty() ? "nobody knows how" : how);
}

void ProcessVcpu::answer_question() {
  seccomp_notif question{};
  if (::ioctl(listener(), SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) return;  // it has gone meanwhile
  seccomp_notif_resp answer{};
  answer.id = question.id;
  answer.error = -EPERM;
  if (!asked_for_.empty()) {
    seccomp_notif_addfd page{};
    page.id = question.id;
    page.flags = SECCOMP_ADDFD_FLAG_SETFD;
    page.srcfd = static_cast<std::uint32_t>(asked_for_.front().page->file.get());
    page.newfd = page_fd(asked_for_.front());
    answer.error = ::ioctl(listener(), SECCOMP_IOCTL_NOTIF_ADDFD, &page) < 0 ? -errno : 0;
  }
  // A signal may have interrupted the question: then it will ask the same again.
  const bool has_heard = ::ioctl(listener(), SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0;
  if (has_heard && !asked_for_.empty()) asked_for_.pop_front();
}

pv_cpu_user_regs ProcessVcpu::registers() const {
  pv_cpu_user_regs regs = area_->page.frame;
  if (fetch(area_->page.return_kind) == shim::kReturnFull) return regs;
  // In a call: it will return to what its `call` pushed.
  const std::uint64_t at = regs.rsp - space_.virt_base();
  const auto memory = space_.ram()->bytes();
  if (at > memory.size() || memory.size() - at < sizeof regs.rip) return regs;
  std::memcpy(&regs.rip, memory.data() + at, sizeof regs.rip);
  regs.rsp += sizeof regs.rip;
  return regs;
}

}  // namespace pvisor::process
