// SPDX-License-Identifier: MIT
// What was typed, before it means anything: the command, the values of its options as text, and the words that nothing took.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pvisor {

inline constexpr std::array<std::string_view, 4> kCommands{"boot", "run", "up", "doctor"};

struct Typed {
  std::string target;  ///< DISK, KERNEL or DOMAINS.json
  std::string engine, memory, vcpus, console, append, initrd, name, timeout, loader, config, menu, seed, policy;
  std::string on_poweroff, on_reboot, on_crash;
  std::vector<std::string> disks, nets;
  bool no_reboot = false;
  bool deterministic = false;
  bool statistics = false;
  bool strict = false;
  bool debug_unconfined = false;
  bool has_append = false;  ///< given, perhaps with an empty text
  bool has_initrd = false;
};

struct TypedWords {
  std::string text;                    ///< not empty: --help or --version was asked for, and this is the answer
  std::optional<std::size_t> command;  ///< index in kCommands; nothing if the words do not begin with one
  Typed typed;
  std::vector<std::string> extras;     ///< words of the command that no option or argument took
  std::array<std::vector<std::string>, kCommands.size()> options;  ///< what each command knows, such as "--memory"
};

/// `words` are those in front of "--". Throws HostError::usage.
[[nodiscard]] TypedWords type_words(std::span<const std::string> words, std::span<const std::string_view> engines);

}  // namespace pvisor
