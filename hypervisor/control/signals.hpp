// SPDX-License-Identifier: MIT
// ProcessSignals: the signals by which people and shells speak to pvisor, served by the reactor like everything else.
#pragma once

#include <csignal>
#include <functional>
#include <memory>

#include "base/reactor.hpp"
#include "base/unique_fd.hpp"

namespace pvisor {

class ProcessSignals {
 public:
  struct Callbacks {
    std::function<void(int signal)> quit;  ///< SIGINT, SIGTERM, SIGHUP, SIGQUIT
    std::function<void()> before_stop;     ///< SIGTSTP: pvisor stops after this
    std::function<void()> continued;       ///< SIGCONT: it runs again, perhaps in the foreground now
  };
  /// Make it before any thread, so that all threads leave these signals alone. What the parent made us ignore stays ignored.
  ProcessSignals(Reactor& reactor, Callbacks callbacks);
  ~ProcessSignals();
  ProcessSignals(const ProcessSignals&) = delete;
  ProcessSignals& operator=(const ProcessSignals&) = delete;

 private:
  void serve();

  Callbacks callbacks_;
  sigset_t before_{};
  UniqueFd fd_;
  std::unique_ptr<Reactor::Watch> watch_;
};

}  // namespace pvisor
