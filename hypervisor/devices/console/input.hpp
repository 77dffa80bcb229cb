// SPDX-License-Identifier: MIT
// ConsoleInput: a descriptor, usually standard input, whose bytes go to a Console. Reads only while the console has room,
// except from a terminal with an escape key. The end of the file ends the reading, not the guest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/reactor.hpp"
#include "core/work_queue.hpp"
#include "devices/console/console.hpp"

namespace pvisor {

class ConsoleInput {
 public:
  /// With `escape` set that byte is not passed on: it calls `on_escape`. Precondition: console and fd outlive the input.
  ConsoleInput(Reactor& reactor, WorkQueue& work, int fd, Console& console, std::optional<std::byte> escape,
               std::function<void()> on_escape);
  ~ConsoleInput();
  ConsoleInput(const ConsoleInput&) = delete;
  ConsoleInput& operator=(const ConsoleInput&) = delete;
  /// Stops and starts reading, for the time in the background.
  void pause();
  void resume();

 private:
  void listen();
  void read_some();

  Reactor& reactor_;
  int fd_;
  Console& console_;
  std::optional<std::byte> escape_;
  std::function<void()> on_escape_;
  bool always_ready_ = false;  ///< a file or /dev/null, which cannot be watched
  bool ended_ = false;
  bool paused_ = false;
  std::unique_ptr<Reactor::Watch> watch_;
  WorkItem work_;
};

}  // namespace pvisor
