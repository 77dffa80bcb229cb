// SPDX-License-Identifier: MIT
// The child shares memory and descriptors with the spawner, which waits for its exec: nothing is copied, and the listener of the child's
// first filter appears in the spawner's table by itself. Until then the child only makes system calls. Its parent is the monitor: it
// ends with the monitor (PR_SET_PDEATHSIG), which waits for it, whatever becomes of the spawner.
#include "engine/process/launch.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/mapping.hpp"
#include "engine/process/filter.hpp"
#include "engine/process/vcpu_area.hpp"

#include <sys/mman.h>

namespace pvisor::process {

namespace {

constexpr std::size_t kChildStackBytes = 64 * 1024;
constexpr int kNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC;
constexpr int kAboveOurs = 64;  ///< descriptors are moved up here first, so that none is overwritten before it is copied

/// What spawner and child tell each other. The child writes to it while the spawner waits.
struct Birth {
  const LaunchSpec* spec;
  sock_fprog question;
  bool wants_listener;
  bool must_listen;  ///< others could
  int listener = -1;
  const char* failed = nullptr;  ///< what could not be done
  int error = 0;
};

bool parent_lives(int monitor) {
  pollfd parent{monitor, POLLIN, 0};
  return ::poll(&parent, 1, 0) == 0;
}

bool limit(__rlimit_resource resource, rlim_t value) {
  const rlimit limits{value, value};
  return ::setrlimit(resource, &limits) == 0;
}

/// Answers what failed.
const char* prepare_child(Birth& birth) {
  const LaunchSpec& spec = *birth.spec;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return "PR_SET_PDEATHSIG";
  if (!parent_lives(spec.monitor)) return "the monitor has ended";
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "PR_SET_NO_NEW_PRIVS";
  // Else exec would give root, outside of a user namespace, all capabilities. Who is not root has none, and may not.
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
  }
  if (birth.wants_listener) {
    birth.listener = static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &birth.question));
    if (birth.listener < 0 && birth.must_listen) return "seccomp user notification";
  }
  // From here on the descriptors are the child's own.
  if (::unshare(CLONE_FILES) != 0) return "unshare(CLONE_FILES)";
  const int wanted[][2] = {{spec.area, kAreaFd}, {spec.ram, kRamFd}, {spec.doorbell, kDoorbellFd}, {spec.stub, kPageFd}};
  int moved[4];
  for (int i = 0; i < 4; ++i) {
    moved[i] = ::fcntl(wanted[i][0], F_DUPFD, kAboveOurs);
    if (moved[i] < 0) return "F_DUPFD";
  }
  for (int i = 0; i < 4; ++i) {
    if (::dup3(moved[i], wanted[i][1], i == 3 ? O_CLOEXEC : 0) < 0) return "dup3";
  }
  if (::syscall(SYS_close_range, 0U, 2U, 0U) != 0 || ::syscall(SYS_close_range, kPageFd + 1, ~0U, 0U) != 0) return "close_range";
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, 0)) return "setrlimit";
  static constexpr char kName[] = "pvisor-vcpu";
  static char* const arguments[] = {const_cast<char*>(kName), nullptr};
  static char* const environment[] = {nullptr};
  ::syscall(SYS_execveat, static_cast<int>(kPageFd), "", arguments, environment, AT_EMPTY_PATH);
  return "execveat";
}

int child(void* raw) {
  auto& birth = *static_cast<Birth*>(raw);
  birth.failed = prepare_child(birth);
  birth.error = errno;
  ::_exit(127);
}

/// True if the process runs the stub; else `birth` says why not, or errno, when there is no process at all.
bool give_birth(Birth& birth, int flags, int& pidfd) {
  const Mapping stack = Mapping::anonymous(kChildStackBytes, PROT_READ | PROT_WRITE);
  flags |= CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PARENT | CLONE_PIDFD;  // the signal of its end is that of the spawner's: SIGCHLD
  return ::clone(child, stack.data() + stack.size(), flags, &birth, &pidfd) > 0 && birth.failed == nullptr;
}

std::string text_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("status {}", info.si_status);
  return fmt::format("killed by signal {} ({})", info.si_status, ::strsignal(info.si_status));
}

}  // namespace

Launched launch(const LaunchSpec& spec, const Seclusion& seclusion) {
  auto rules = make_question_filter();
  Birth birth{&spec, {static_cast<unsigned short>(rules.size()), rules.data()}, seclusion.questions, seclusion.is_settled};
  int pidfd = -1;
  const bool is_born = give_birth(birth, seclusion.namespaces ? kNamespaces : 0, pidfd);
  const int error = errno;
  Launched launched{UniqueFd(pidfd), UniqueFd(birth.listener)};
  if (is_born) return launched;
  launched.failed = birth.failed != nullptr ? birth.failed : "clone";
  launched.error = birth.failed != nullptr ? birth.error : error;
  return launched;
}

std::string reap(int pidfd) {
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED | __WALL) != 0) {
    if (errno != EINTR) return {};
  }
  return text_of(info);
}

std::string kill_and_reap(int pidfd) {
  ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0U);
  return reap(pidfd);
}

}  // namespace pvisor::process
