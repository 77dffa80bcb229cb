// SPDX-License-Identifier: MIT
#include "control/kernel_args.hpp"

#include <fmt/format.h>
#include <pvabi/start_info.h>

#include "base/host_error.hpp"

namespace pvisor {

void check_cmdline(std::string_view place, std::string_view cmdline) {
  if (cmdline.size() >= PV_MAX_GUEST_CMDLINE) {
    throw HostError::usage(fmt::format("{}: the guest's command line has {} bytes; at most {} fit", place, cmdline.size(),
                                       PV_MAX_GUEST_CMDLINE - 1));
  }
  if (cmdline.find('\0') != std::string_view::npos) {
    throw HostError::usage(fmt::format("{}: the guest's command line holds a NUL byte; remove it", place));
  }
}

std::string join_kernel_args(std::string_view place, std::string_view append, std::span<const std::string> words) {
  std::string line(append);
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  check_cmdline(place, line);
  return line;
}

}  // namespace pvisor
