// SPDX-License-Identifier: MIT
// Runs a command to its end for the benchmarks that measure whole processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pvisor::bench {

struct ChildResult {
  int status = -1;          ///< exit status; -1 if it could not be started
  double seconds = 0;       ///< from just before exec to its exit
  double cpu_seconds = 0;   ///< of it and its own children
  long peak_rss_kib = 0;    ///< largest resident size
  std::string output;       ///< standard output
};

[[nodiscard]] ChildResult run_child(const std::vector<std::string>& command);

}  // namespace pvisor::bench
