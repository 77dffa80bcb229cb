// SPDX-License-Identifier: MIT
// Terminal: raw mode for the guest's console, and the certainty that the terminal is put back whichever way pvisor ends.
#pragma once

#include <cstddef>

namespace pvisor {

/// Ctrl-]: what leaves the console.
inline constexpr std::byte kEscapeKey{0x1d};
/// Ctrl-\: types to the next of several guests.
inline constexpr std::byte kNextKey{0x1c};

/// One per process at a time, because the way back must be known to signal handlers.
class Terminal {
 public:
  /// `fd` is usually standard input; if it is no terminal, nothing here does anything.
  explicit Terminal(int fd);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  /// False for a job in the background, which may neither read nor change its terminal.
  [[nodiscard]] bool is_foreground() const;
  /// Every key goes to the guest as it is, unechoed. True if the terminal is raw now. Output stays as it was, so that a plain
  /// newline still begins a line at its left end.
  bool enter_raw();
  /// As it was found. Harmless if it was never raw.
  void restore();

 private:
  int fd_;
  bool is_terminal_;
};

/// For who must leave at once; async-signal-safe.
void restore_terminal();
/// Makes fatal signals put the terminal back before the process dies of them. An engine may take some of these signals over
/// later; it ends in abort() when they are not a guest's, which comes here as well.
void restore_terminal_on_fatal_signals();

}  // namespace pvisor
