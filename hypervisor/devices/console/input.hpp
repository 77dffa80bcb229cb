// SPDX-License-Identifier: MIT
// ConsoleInput: a descriptor, usually standard input, whose bytes go to a Console. Reads only while the console has room,
// except from a terminal with keys that are not the guest's. The end of the file ends the reading, not the guest.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/reactor.hpp"
#include "core/work_queue.hpp"
#include "devices/console/console.hpp"

namespace pvisor {

/// Keys that are not passed on.
struct ConsoleKeys {
  std::vector<std::byte> keys;
  /// False: no more is to be read. May connect the input to another console.
  std::function<bool(std::byte)> pressed;
};

class ConsoleInput {
 public:
  /// Precondition: console and fd outlive the input.
  ConsoleInput(Reactor& reactor, WorkQueue& work, int fd, Console& console, ConsoleKeys special = {});
  ~ConsoleInput();
  ConsoleInput(const ConsoleInput&) = delete;
  ConsoleInput& operator=(const ConsoleInput&) = delete;
  /// What is read from now on goes to this one. Precondition: it outlives the input.
  void connect(Console& console);
  /// Stops and starts reading, for the time in the background.
  void pause();
  void resume();

 private:
  void listen();
  void read_some();
  void pass_on(std::span<const std::byte> typed);

  Reactor& reactor_;
  int fd_;
  Console* console_;
  ConsoleKeys special_;
  bool always_ready_ = false;  ///< a file or /dev/null, which cannot be watched
  bool ended_ = false;
  bool paused_ = false;
  std::unique_ptr<Reactor::Watch> watch_;
  WorkItem work_;
};

}  // namespace pvisor
