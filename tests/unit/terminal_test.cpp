// SPDX-License-Identifier: MIT
// Raw mode on a real pseudo-terminal, and that every way out puts it back.
#include "control/terminal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <stdexcept>

#include "base/unique_fd.hpp"
#include "control/log.hpp"
#include "control/real_clock.hpp"

using namespace pvisor;

namespace {

/// Both ends of a pseudo-terminal that is nobody's controlling one.
struct Pty {
  Pty() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    slave.reset(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(slave.is_open());
  }
  [[nodiscard]] termios mode() const {
    termios now{};
    REQUIRE(::tcgetattr(slave.get(), &now) == 0);
    return now;
  }
  [[nodiscard]] bool is_raw() const { return (mode().c_lflag & (ICANON | ECHO | ISIG)) == 0; }
  [[nodiscard]] bool is_cooked() const { return (mode().c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG); }
  UniqueFd master;
  UniqueFd slave;
};

/// Runs `body` in a child and answers how it ended.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("raw mode gives every key to the guest and leaves output alone") {
  const Pty pty;
  const termios before = pty.mode();
  Terminal terminal(pty.slave.get());
  CHECK(terminal.is_terminal());
  REQUIRE(terminal.enter_raw());
  CHECK(pty.is_raw());
  CHECK(pty.mode().c_oflag == before.c_oflag);
  terminal.restore();
  CHECK(pty.mode().c_lflag == before.c_lflag);
  CHECK(pty.mode().c_iflag == before.c_iflag);
}

TEST_CASE("the end of its scope restores the terminal, also when an exception passes") {
  const Pty pty;
  try {
    Terminal terminal(pty.slave.get());
    REQUIRE(terminal.enter_raw());
    throw std::runtime_error("on the way");
  } catch (const std::runtime_error&) {
  }
  CHECK(pty.is_cooked());
}

TEST_CASE("entering raw mode twice still restores what was found first") {
  const Pty pty;
  Terminal terminal(pty.slave.get());
  REQUIRE(terminal.enter_raw());
  REQUIRE(terminal.enter_raw());
  terminal.restore();
  CHECK(pty.is_cooked());
  terminal.restore();
  CHECK(pty.is_cooked());
}

TEST_CASE("what is no terminal stays as it is") {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Terminal terminal(null.get());
  CHECK_FALSE(terminal.is_terminal());
  CHECK_FALSE(terminal.enter_raw());
}

TEST_CASE("a fatal signal restores the terminal and still kills") {
  for (const int number : {SIGABRT, SIGTRAP}) {
    const Pty pty;
    const int status = in_child([&] {
      ::signal(number, SIG_DFL);
      restore_terminal_on_fatal_signals();
      Terminal terminal(pty.slave.get());
      if (!terminal.enter_raw()) ::_exit(1);
      ::raise(number);
    });
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == number);
    CHECK(pty.is_cooked());
  }
}

TEST_CASE("a job in the background leaves the terminal alone") {
  const Pty pty;
  const int status = in_child([&] {
    // A new session whose foreground group is another one than ours.
    if (::setsid() < 0) ::_exit(1);
    const UniqueFd own(::open(::ptsname(pty.master.get()), O_RDWR));
    const pid_t background = ::fork();
    if (background == 0) {
      ::setpgid(0, 0);
      Terminal terminal(own.get());
      ::_exit(terminal.is_terminal() && !terminal.is_foreground() && !terminal.enter_raw() ? 0 : 2);
    }
    int ended = 0;
    ::waitpid(background, &ended, 0);
    ::_exit(WIFEXITED(ended) ? WEXITSTATUS(ended) : 3);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(pty.is_cooked());
}

TEST_CASE("the log writes ten lines a second and counts the others") {
  std::string written;
  std::uint64_t now = 0;
  Log log([&](std::string_view text) { written += text; }, [&] { return now; });
  for (int i = 0; i < 1'000'000; ++i) log.line("x");
  CHECK(written.size() == Log::kLinesPerSecond * std::string("pvisor: x\n").size());
  written.clear();
  now = 1'000'000'000;
  log.line("y");
  CHECK(written == "pvisor: 999990 lines were left out\npvisor: y\n");
}

TEST_CASE("a scale turns ticks into the nanoseconds they took") {
  const TimeScale slow = scale_from_rate(1'000'000'000, 500'000'000);
  CHECK(guest_time(slow, 500'000'000) >= 999'999'990);
  CHECK(guest_time(slow, 500'000'000) <= 1'000'000'000);
  const TimeScale fast = scale_from_rate(1'000'000'000, 3'000'000'000);
  CHECK(guest_time(fast, 3'000'000'000) >= 999'999'990);
  CHECK(guest_time(fast, 3'000'000'000) <= 1'000'000'000);
}

TEST_CASE("guest time does not go back when the scale is refined") {
  RealClock clock;
  REQUIRE(clock.refine(10'000'000));
  for (int i = 0; i < 100; ++i) {
    const TimeScale before = clock.scale();
    REQUIRE(clock.refine(10'000'000));
    CHECK(clock.scale().system_time >= guest_time(before, clock.scale().tsc_timestamp));
  }
}
