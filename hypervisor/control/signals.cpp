// SPDX-License-Identifier: MIT
#include "control/signals.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/host_error.hpp"

namespace pvisor {

ProcessSignals::ProcessSignals(Reactor& reactor, Callbacks callbacks) : callbacks_(std::move(callbacks)) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of that write
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT}) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&wanted, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  fd_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_.is_open()) throw HostError::from_errno("cannot receive signals", errno);
  watch_ = reactor.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { serve(); });
}

ProcessSignals::~ProcessSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void ProcessSignals::serve() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const int number = static_cast<int>(info.ssi_signo);
  if (number == SIGTSTP) {
    callbacks_.before_stop();
    ::kill(::getpid(), SIGSTOP);
  } else if (number == SIGCONT) {
    callbacks_.continued();
  } else {
    callbacks_.quit(number);
  }
}

}  // namespace pvisor
