// SPDX-License-Identifier: MIT
// A vCPU's process on a host that lacks what contains a guest: its guest does not run, and somebody says why. The area is made here,
// as the monitor makes it, but for what is missing.
#include <doctest/doctest.h>
#include <array>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <new>
#include <string>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/host_error.hpp"
#include "base/mapping.hpp"
#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;

namespace {

constexpr int kPatienceMs = 10'000;

/// A process with an area of the test's, and what it says when it is given its first turn.
class Started {
 public:
  Started(VcpuProcesses& processes, std::initializer_list<sock_filter> rules)
      : file_(::memfd_create("area", MFD_CLOEXEC)), ram_(::memfd_create("ram", MFD_CLOEXEC)) {
    REQUIRE(::ftruncate(file_.get(), kAreaBytes) == 0);
    memory_ = Mapping(::mmap(nullptr, kAreaBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0), kAreaBytes);
    area_ = new (memory_.data()) VcpuArea;
    for (const sock_filter& rule : rules) area_->setup.filter[area_->setup.rules++] = {rule.code, rule.jt, rule.jf, rule.k};
    area_->setup.has_fsgsbase = 1;
    area_->signs.monitor_asleep = 1;
    area_->hand_off.turn = kGuestsTurn;
    launched_ = processes.start(file_.get(), ram_.get());
    pollfd heard[] = {{processes.wait_fds()[0], POLLIN, 0}, {launched_.pidfd.get(), POLLIN, 0}};
    REQUIRE(::poll(heard, 2, kPatienceMs) > 0);
    says_something_ = heard[0].revents != 0;
    processes.silence_doorbell();
  }
  ~Started() { kill_and_reap(launched_.pidfd.get()); }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;

  [[nodiscard]] bool gave_up_at(SetupStep step) const {
    return says_something_ && area_->hand_off.kind == kExitSetupFailed && area_->hand_off.args[0] == step;
  }

 private:
  UniqueFd file_, ram_;
  Mapping memory_;
  VcpuArea* area_ = nullptr;
  Launched launched_;
  bool says_something_ = false;
};

/// Runs `what` in another process, whose host does not know one system call, and answers its status.
template <class F>
int without(std::uint32_t number, F what) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    sock_filter rules[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                           {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    const sock_fprog program{std::size(rules), rules};
    const bool is_without = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    ::_exit(is_without ? what() : 99);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

constexpr int kRefused = 1, kDied = 2, kRan = 3;
/// What becomes of a vCPU that is to make one call.
int try_a_guest() {
  try {
    VcpuProcesses processes;
    ProcessGuest guest(processes);
    guest.run();
    return std::holds_alternative<DiedExit>(guest.next_exit()) && guest.death().find("seccomp filter") != std::string_view::npos ? kDied : kRan;
  } catch (const HostError&) {
    return kRefused;
  }
}

}  // namespace

TEST_CASE("a process whose filter the host does not take runs no guest") {
  VcpuProcesses processes;
  CHECK(Started(processes, {}).gave_up_at(kStepFilter));
  CHECK(Started(processes, {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 1000}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP}}).gave_up_at(kStepFilter));
}

TEST_CASE("a process whose filter does not hold finds out before it runs a guest") {
  VcpuProcesses processes;
  CHECK(Started(processes, {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}).gave_up_at(kStepFilterHolds));
  CHECK(Started(processes, {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},  // one that refuses, but otherwise
                            {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getpid},
                            {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
                            {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}).gave_up_at(kStepFilterHolds));
}

TEST_CASE("on a host without what contains a guest none runs") {
  CHECK(without(~0U, try_a_guest) == kRan);  // so that the others mean something
  CHECK(without(SYS_seccomp, try_a_guest) == kDied);
  for (const std::uint32_t number :
       std::to_array<std::uint32_t>({SYS_memfd_create, SYS_fcntl, SYS_pidfd_open, SYS_execveat, SYS_close_range, SYS_prlimit64})) {
    CAPTURE(number);
    CHECK(without(number, try_a_guest) == kRefused);
  }
}
