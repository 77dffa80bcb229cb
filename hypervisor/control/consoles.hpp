// SPDX-License-Identifier: MIT
// Consoles: where the guests' consoles are on the host: standard input and output, pseudo-terminals and files; and who of
// several guests on the terminal is typed to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file_root.hpp"
#include "base/reactor.hpp"
#include "control/domain_spec.hpp"
#include "control/log.hpp"
#include "control/repeatable_sinks.hpp"
#include "control/terminal.hpp"
#include "core/timers.hpp"
#include "core/work_queue.hpp"
#include "devices/console/console.hpp"
#include "devices/console/input.hpp"
#include "devices/console/pty.hpp"
#include "devices/console/sinks.hpp"

namespace pvisor {

class Consoles {
 public:
  /// What it works with; all outlive it. `leave` is called when somebody wants to leave by Ctrl-].
  struct World {
    Reactor& reactor;
    WorkQueue& work;
    TimerQueue& timers;
    std::function<std::uint64_t()> now;
    Log& log;
    const FileRoot& root;
    std::function<void()> leave;
    /// Set in a deterministic run: gets all that guests print. No input is read then that somebody types or sends.
    std::function<void(const Console& console, std::span<const std::byte>)> tell;
  };

  /// `several`: each line of a guest on standard output gets its name in front.
  Consoles(World world, bool several);
  ~Consoles();
  Consoles(const Consoles&) = delete;
  Consoles& operator=(const Consoles&) = delete;

  /// The console of a domain, alive as long as this object. Throws HostError.
  [[nodiscard]] Console& open(const DomainSpec& spec);
  /// Somebody can type at it, now or after Ctrl-\ or by opening its pty.
  [[nodiscard]] bool is_interactive(const Console& console) const;
  /// Begins to read standard input and the ptys.
  void listen();
  /// No guest will use it any more: shows what is left of its last line, and the keyboard goes to another.
  void close(Console& console);

  /// Around a stop of the whole program.
  void before_stop() { terminal_.restore(); }
  void continued();
  /// The terminal is as it was found.
  void restore() { terminal_.restore(); }
  void finish();
  [[nodiscard]] bool are_drained() const;
  /// In a deterministic run: something is still to go out, and nothing else may happen until it has.
  [[nodiscard]] bool are_held() const { return held_stdout_ != nullptr && held_stdout_->is_holding(); }

 private:
  struct Entry;
  [[nodiscard]] ConsoleSink& stdout_sink();
  [[nodiscard]] bool may_read_stdin();
  [[nodiscard]] bool pressed(std::byte key);
  void give_keyboard_to(Entry* entry);
  [[nodiscard]] Entry* next_on_stdio(const Entry* after);

  World world_;
  bool several_;
  Terminal terminal_;
  FdSink stdout_sink_;
  std::unique_ptr<HoldingSink> held_stdout_;  ///< in a deterministic run
  std::unique_ptr<LineMux> stdout_lines_;  ///< with several domains
  std::vector<std::unique_ptr<Entry>> entries_;
  Entry* keyboard_ = nullptr;              ///< who is typed to
  std::unique_ptr<ConsoleInput> stdin_;    ///< once listening, if standard input is open
};

}  // namespace pvisor
