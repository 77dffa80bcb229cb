// SPDX-License-Identifier: MIT
#include "control/leftovers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>

namespace pvisor {

bool must_check_leftovers() {
  const char* const wanted = std::getenv("PVISOR_CHECK_LEFTOVERS");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

std::size_t open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t RamRoll::alive() const {
  return static_cast<std::size_t>(std::count_if(rams_.begin(), rams_.end(), [](const auto& ram) { return !ram.expired(); }));
}

std::string Leftovers::text() const {
  const std::array<std::pair<const char*, std::size_t>, 8> all{{{"guest memories", guest_memories},
                                                                {"ring pages", ring_pages},
                                                                {"I/O requests", requests},
                                                                {"store nodes", store_nodes},
                                                                {"store watches", store_watches},
                                                                {"runnable vCPUs", vcpus},
                                                                {"timers", timers},
                                                                {"descriptors", descriptors}}};
  std::string out;
  for (const auto& [name, count] : all) {
    if (count != 0) fmt::format_to(std::back_inserter(out), "{}{} {}", out.empty() ? "" : ", ", count, name);
  }
  return out;
}

}  // namespace pvisor
