// SPDX-License-Identifier: MIT
// A request is one message with two descriptors, its answer one with the process's pidfd and listener.
#include "engine/process/spawner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/host_error.hpp"
#include "base/landlock.hpp"
#include "base/scope_exit.hpp"
#include "engine/process/stub_image.hpp"

namespace pvisor::process {

struct Spawner::Answer {
  char failed[32];  ///< what could not be done; empty: it runs
  int error;
  std::size_t files;  ///< that come with the answer
};

namespace {

constexpr std::size_t kMostFiles = 2;
constexpr int kPatienceMilliseconds = 10'000;  ///< one that is stopped from outside must not stop the monitor for ever

/// Sends or receives one message of the size of `body`; the descriptors received are the caller's.
template <class Body>
class Message {
 public:
  explicit Message(Body& body) : part_{&body, sizeof body} {
    header_.msg_iov = &part_;
    header_.msg_iovlen = 1;
  }
  bool send(int socket, std::span<const int> files) {
    if (!files.empty()) {
      header_.msg_control = control_;
      header_.msg_controllen = CMSG_SPACE(files.size_bytes());
      cmsghdr* const rights = CMSG_FIRSTHDR(&header_);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(files.size_bytes());
      std::memcpy(CMSG_DATA(rights), files.data(), files.size_bytes());
    }
    return ::sendmsg(socket, &header_, MSG_NOSIGNAL) == static_cast<ssize_t>(part_.iov_len);
  }
  bool receive(int socket, std::array<UniqueFd, kMostFiles>& files) {
    header_.msg_control = control_;
    header_.msg_controllen = sizeof control_;
    ssize_t got = 0;
    do {
      got = ::recvmsg(socket, &header_, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    const cmsghdr* const rights = got > 0 ? CMSG_FIRSTHDR(&header_) : nullptr;
    if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = std::min(files.size(), (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(rights) + i * sizeof fd, sizeof fd);
        files[i].reset(fd);
      }
    }
    return got == static_cast<ssize_t>(part_.iov_len);
  }

 private:
  iovec part_;
  msghdr header_{};
  alignas(cmsghdr) char control_[CMSG_SPACE(kMostFiles * sizeof(int))]{};
};

/// When the host's memory runs out a guest is to go first, for the monitor can tell why. They inherit this, and are larger than the
/// spawner. What cannot be had is done without.
void offer_to_oom_killer() {
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  static constexpr char kFirst[] = "1000";
  if (file.is_open()) [[maybe_unused]] const auto written = ::write(file.get(), kFirst, sizeof kFirst - 1);
}

void close_all_but(std::array<int, 4> kept) {
  std::ranges::sort(kept);
  unsigned next = 0;
  for (const int fd : kept) {
    if (const auto last = static_cast<unsigned>(fd); last > next) ::syscall(SYS_close_range, next, last - 1, 0U);
    next = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(SYS_close_range, next, ~0U, 0U);
}

/// The spawner's life.
template <class Answer>
class Child {
 public:
  Child(int socket, int stub, int doorbell, int monitor) : socket_(socket), stub_(stub), doorbell_(doorbell), monitor_(monitor) {}

  [[noreturn]] void live() {
    ::setsid();  // what somebody types at the terminal is for the monitor
    ::prctl(PR_SET_NAME, "pvisor-spawner");
    close_all_but({socket_, stub_, doorbell_, monitor_});
    offer_to_oom_killer();
    pollfd parent{monitor_, POLLIN, 0};
    const bool is_safe = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::poll(&parent, 1, 0) == 0 &&
                         ::prctl(PR_SET_DUMPABLE, 0) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    (void)landlock_restrict({}, false);  // for those that it starts, too, where the host has it
    while (is_safe && serve()) {
    }
    ::_exit(is_safe ? 0 : 1);
  }

 private:
  /// False: the monitor asks no more.
  bool serve() const {
    Seclusion wanted;
    std::array<UniqueFd, kMostFiles> files;
    if (!Message(wanted).receive(socket_, files)) return false;
    const Launched launched = launch({stub_, files[0].get(), files[1].get(), doorbell_, monitor_}, wanted);
    const std::array files_of_it{launched.pidfd.get(), launched.listener.get()};
    const auto there = static_cast<std::size_t>(std::ranges::find(files_of_it, -1) - files_of_it.begin());  // no listener without a process
    Answer answer{{}, launched.error, there};
    if (launched.failed != nullptr) std::strncpy(answer.failed, launched.failed, sizeof answer.failed - 1);
    return Message(answer).send(socket_, std::span(files_of_it).first(there));
  }

  int socket_, stub_, doorbell_, monitor_;
};

HostError refusal(std::string_view what, int error) {
  return HostError(fmt::format("{}: {}; pvisor doctor says what this host lacks (--engine fiber needs no processes, and contains nothing)", what,
                               std::generic_category().message(error)));
}

HostError gone() {
  return HostError("cannot start a process for a vCPU: the process that starts them (pvisor-spawner) has ended or does not answer; start pvisor again");
}

}  // namespace

Spawner::Spawner(int doorbell) : doorbell_(doorbell) {
  const UniqueFd stub = make_stub_file();
  const UniqueFd monitor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U)));
  if (!monitor.is_open()) throw HostError::from_errno("the process engine needs pidfds (Linux 5.3)", errno);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw HostError::from_errno("cannot talk to a process of ours", errno);
  socket_.reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  // It never takes a signal: handlers of ours would find themselves in another process.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const ScopeExit restore([&before] { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); });
  const pid_t pid = ::fork();
  if (pid == 0) Child<Answer>(theirs.get(), stub.get(), doorbell, monitor.get()).live();
  if (pid < 0) throw refusal("cannot start the process that starts the vCPUs' processes", errno);
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
}

Spawner::~Spawner() { kill_and_reap(pidfd_.get()); }

Launched Spawner::ask(int area, int ram, Answer& answer) {
  // Of a process whose descriptors find no room nobody could get rid of.
  std::array<UniqueFd, kMostFiles> room;
  for (UniqueFd& each : room) {
    each.reset(::fcntl(doorbell_, F_DUPFD_CLOEXEC, 0));
    if (!each.is_open()) throw HostError::from_errno("cannot start a process for a vCPU", errno);
  }
  if (!Message(seclusion_).send(socket_.get(), std::array{area, ram})) throw gone();
  pollfd answered{socket_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&answered, 1, kPatienceMilliseconds);
  } while (ready < 0 && errno == EINTR);
  room = {};
  std::array<UniqueFd, kMostFiles> files;
  if (ready <= 0 || !Message(answer).receive(socket_.get(), files)) {
    socket_.reset();  // an answer that comes late is nobody's
    throw gone();
  }
  if (static_cast<std::size_t>(std::ranges::count_if(files, &UniqueFd::is_open)) < answer.files) {
    throw HostError::from_errno("cannot take over a vCPU's process", EMFILE);
  }
  if (answer.failed[0] == '\0') return {std::move(files[0]), std::move(files[1])};
  if (files[0].is_open()) reap(files[0].get());
  return {};
}

Launched Spawner::start(int area, int ram) {
  Answer answer{};
  Launched launched = ask(area, ram, answer);
  if (!launched.pidfd.is_open() && !seclusion_.is_settled && std::exchange(seclusion_.namespaces, false)) {
    launched = ask(area, ram, answer);
  }
  if (!launched.pidfd.is_open()) {
    throw refusal(fmt::format("cannot start a process for a vCPU ({})", answer.failed), answer.error);
  }
  seclusion_.questions = launched.listener.is_open();
  seclusion_.is_settled = true;
  return launched;
}

}  // namespace pvisor::process
