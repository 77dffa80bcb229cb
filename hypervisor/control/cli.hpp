// SPDX-License-Identifier: MIT
// The command line: words -> what to do. Opens nothing. Wrong usage is HostError::usage: one line with place and remedy.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/domain_spec.hpp"

namespace pvisor {

struct CommandLine {
  std::string text;         ///< not empty: print this and be done (--help, --version)
  bool doctor = false;      ///< say what can work here and be done
  RunPlan plan;             ///< for `boot` and `run`; for `up` only the time limit and the seed
  std::string config_file;  ///< for `up`
  std::string policy_file;  ///< for `up`: --policy given
  std::optional<std::string> engine_override;  ///< for `up`: --engine given
  bool no_reboot = false;                      ///< for `up`: --no-reboot given
};

/// `args` without the program's name; `engines` are the known ones, the default first.
[[nodiscard]] CommandLine parse_command_line(std::span<const std::string> args, std::span<const std::string_view> engines);

/// Refuses an unknown engine with the list of those there are.
void check_engine(std::string_view place, std::string_view engine, std::span<const std::string_view> engines);

}  // namespace pvisor
