// SPDX-License-Identifier: MIT
#include "control/leftovers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace pvisor {

bool must_check_leftovers() {
  const char* const wanted = std::getenv("PVISOR_CHECK_LEFTOVERS");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

OpenDescriptors::OpenDescriptors() : folder_(::opendir("/proc/self/fd"), ::closedir) {}

std::size_t OpenDescriptors::count() const {
  if (folder_ == nullptr) return 0;
  ::rewinddir(folder_.get());
  std::size_t entries = 0;
  while (::readdir(folder_.get()) != nullptr) ++entries;
  return entries;
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
