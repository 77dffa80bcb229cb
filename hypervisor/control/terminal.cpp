// SPDX-License-Identifier: MIT
#include "control/terminal.hpp"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace pvisor {

namespace {

/// What a signal handler needs. `raw_fd` is published last and withdrawn first.
termios found;
std::atomic<int> raw_fd{-1};

/// Async-signal-safe.
void put_back() {
  const int fd = raw_fd.exchange(-1);
  if (fd < 0) return;
  const int kept = errno;
  ::tcsetattr(fd, TCSANOW, &found);
  errno = kept;
}

/// SA_RESETHAND has put the default action back: the same signal now ends the process.
void on_fatal(int number) {
  put_back();
  ::raise(number);
}

}  // namespace

Terminal::Terminal(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {}

Terminal::~Terminal() { restore(); }

bool Terminal::is_foreground() const {
  const pid_t group = ::tcgetpgrp(fd_);
  return group < 0 || group == ::getpgrp();  // no answer: it does not control us, so nobody stops us
}

bool Terminal::enter_raw() {
  if (!is_terminal_ || !is_foreground()) return false;
  if (raw_fd.load() < 0 && ::tcgetattr(fd_, &found) != 0) return false;
  termios raw = found;
  ::cfmakeraw(&raw);
  raw.c_oflag = found.c_oflag;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  raw_fd.store(fd_);
  if (::tcsetattr(fd_, TCSANOW, &raw) == 0) return true;
  put_back();
  return false;
}

void Terminal::restore() { put_back(); }

void restore_terminal() { put_back(); }

void restore_terminal_on_fatal_signals() {
  struct sigaction action {};
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP}) {
    struct sigaction before {};
    // Not over what is already handled: a sanitizer's report is worth more.
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) ::sigaction(number, &action, nullptr);
  }
}

}  // namespace pvisor
