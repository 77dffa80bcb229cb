// SPDX-License-Identifier: MIT
// The monitor's confinement, in processes made for it: what is gone, what stays, and what is told of a call that is denied.
#include "control/confinement.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "base/landlock.hpp"
#include "control/allowed_calls.hpp"
#include "engine/registry.hpp"

using namespace pvisor;

namespace {

constexpr int kDeniedStatus = 125;
constexpr int kWrongStatus = 1;

struct Ended {
  int status = -1;  ///< or minus the signal that killed it
  std::string said;
};

/// Does it in a process that confines itself first; `act` says whether all was as it should be.
Ended do_confined(const ConfinementNeeds& needs, const std::function<bool()>& act, const char* engine = nullptr) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    name_denied_calls();
    const auto made = engine != nullptr ? make_engine(engine) : nullptr;
    give_up_rights(needs);
    filter_calls(needs);
    ::_exit(act() ? 0 : kWrongStatus);
  }
  ::close(pipe[1]);
  Ended ended;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer, sizeof buffer)) > 0;) ended.said.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended;
}

bool is_refused(const char* path, int flags) {
  const int fd = ::open(path, flags, 0600);
  return fd < 0 && errno == EACCES;
}

/// A folder with the file "log" in it.
class LogFolder {
 public:
  LogFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "confinement-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::ofstream(log()) << "said\n";
  }
  ~LogFolder() { std::filesystem::remove_all(path_); }
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;

  [[nodiscard]] std::string log() const { return path_ + "/log"; }
  [[nodiscard]] std::string outside() const { return path_ + "/../"; }
  [[nodiscard]] ConfinementNeeds needs() const {
    ConfinementNeeds needs;
    needs.log_folders.emplace_back(::open(path_.c_str(), O_PATH | O_CLOEXEC));
    return needs;
  }

 private:
  std::string path_;
};

bool filters_calls() { return probe_confinement()[1].state == Finding::State::There; }
bool has_landlock() { return probe_confinement()[2].state == Finding::State::There; }

}  // namespace

TEST_CASE("no call is allowed and hostile, and none is named twice for the same case") {
  std::set<int> hostile(hostile_calls().begin(), hostile_calls().end());
  CHECK(hostile.size() == hostile_calls().size());
  for (const AllowedCall& call : allowed_calls()) {
    CAPTURE(call.number);
    CHECK(hostile.count(call.number) == 0);
    CHECK(std::ranges::count_if(allowed_calls(), [&](const AllowedCall& other) {
            return other.number == call.number && other.when == call.when;
          }) == 1);
  }
  for (const RefusedCall& call : refused_calls()) CHECK(hostile.count(call.number) == 0);
}

TEST_CASE("every call of the lists has a name here") {
  const auto has_name = [](int number) {
    char* const name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    const bool has = name != nullptr;
    std::free(name);
    return has;
  };
  for (const AllowedCall& call : allowed_calls()) CHECK(has_name(call.number));
  for (const int number : hostile_calls()) CHECK(has_name(number));
}

TEST_CASE("what a monitor does goes on") {
  const Ended ended = do_confined({}, [] {
    bool ran = false;
    std::thread([&ran] { ran = std::string(100'000, 'x').size() == 100'000; }).join();
    const int file = ::memfd_create("pvisor-test", MFD_CLOEXEC);
    return ran && ::ftruncate(file, 4096) == 0 && ::write(file, "a", 1) == 1 && ::kill(::getpid(), 0) == 0;
  });
  CHECK_MESSAGE(ended.status == 0, ended.said);
}

TEST_CASE("a call that nobody thought of is named, on every engine") {
  if (!filters_calls()) return;
  for (const char* engine : {"fiber", "process"}) {
    ConfinementNeeds needs;
    needs.runs_guests = !engine_isolates(engine);
    const Ended ended = do_confined(needs, [] { return ::socket(AF_INET, SOCK_DGRAM, 0) >= 0; }, engine);
    CHECK(ended.status == kDeniedStatus);
    CHECK(ended.said.find("pvisor: internal error: the monitor made the system call socket (41)") == 0);
    CHECK(std::ranges::count(ended.said, '\n') == 1);
  }
}

TEST_CASE("what no mistake explains ends the monitor at once") {
  if (!filters_calls()) return;
  for (const int number : hostile_calls()) {
    CAPTURE(number);
    CHECK(do_confined({}, [number] { return ::syscall(number, 0, 0, 0, 0, 0) == 0; }).status == -SIGSYS);
  }
}

TEST_CASE("arguments count: a process, foreign signals, memory that is executed") {
  if (!filters_calls()) return;
  CHECK(do_confined({}, [] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0; }).status == kDeniedStatus);
  CHECK(do_confined({}, [] { return ::syscall(SYS_clone3, nullptr, 0) < 0 && errno == ENOSYS; }).status == 0);
  CHECK(do_confined({}, [] { return ::kill(::getppid(), 0) == 0; }).status == kDeniedStatus);
  CHECK(do_confined({}, [] { return ::ioctl(STDERR_FILENO, TIOCSTI, "x") == 0; }).status == kDeniedStatus);
  const auto map_code = [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; };
  CHECK(do_confined({}, map_code).status == kDeniedStatus);
  ConfinementNeeds fiber;
  fiber.runs_guests = true;
  CHECK(do_confined(fiber, map_code).status == 0);
}

TEST_CASE("sockets are for user-mode networking") {
  if (!filters_calls()) return;
  ConfinementNeeds needs;
  needs.opens_sockets = true;
  CHECK(do_confined(needs, [] { return ::socket(AF_INET, SOCK_DGRAM, 0) >= 0; }).status == 0);
}

TEST_CASE("without console files nothing is opened by name") {
  if (!filters_calls()) return;
  const Ended ended = do_confined({}, [] { return is_refused("/dev/null", O_RDONLY) && ::access("/", R_OK) != 0; });
  CHECK_MESSAGE(ended.status == 0, ended.said);
}

TEST_CASE("a console file can be rotated, and nothing be opened elsewhere or read") {
  if (!has_landlock()) return;
  const LogFolder folder;
  const std::string log = folder.log();
  const Ended ended = do_confined(folder.needs(), [&] {
    const bool rotates = ::rename(log.c_str(), (log + ".1").c_str()) == 0 && ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600) >= 0;
    return rotates && is_refused((folder.outside() + "other").c_str(), O_WRONLY | O_CREAT) && is_refused("/dev/null", O_WRONLY) &&
           is_refused(log.c_str(), O_RDONLY);
  });
  CHECK_MESSAGE(ended.status == 0, ended.said);
  CHECK(std::filesystem::exists(log + ".1"));
}

TEST_CASE("a file that is needed again can be read, but not written") {
  if (!has_landlock()) return;
  const LogFolder folder;
  ConfinementNeeds needs;
  needs.readable_files.emplace_back(::open(folder.log().c_str(), O_PATH | O_CLOEXEC));
  const Ended ended = do_confined(needs, [&] {
    return ::open(folder.log().c_str(), O_RDONLY) >= 0 && is_refused(folder.log().c_str(), O_WRONLY) && is_refused("/dev/null", O_RDONLY);
  });
  CHECK_MESSAGE(ended.status == 0, ended.said);
}
