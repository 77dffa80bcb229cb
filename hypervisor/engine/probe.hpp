// SPDX-License-Identifier: MIT
// What an engine finds on this host: asked by `pvisor doctor`, without making the engine. Each engine's folder has its own
// probe, named in registry.cpp.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace pvisor {

/// One thing of the host that an engine uses.
struct Finding {
  enum class State {
    There,
    Weaker,   ///< not there; the engine works without it, as `meaning` says
    Missing,  ///< not there, and the engine cannot work
  };
  State state;
  std::string what;     ///< "Syscall User Dispatch"
  std::string meaning;  ///< what it is good for, or what is missing without it and what to do
  bool confines = false;  ///< it keeps a guest, or the monitor, from the host: --strict does not start without it
};

/// What `is_there` tells, right after the host was asked. `without`: what is so without it; the host's reason (errno) is put in front.
inline Finding finding(bool is_there, Finding::State otherwise, const char* what, const char* with, const char* without) {
  if (is_there) return {Finding::State::There, what, with};
  return {otherwise, what, std::generic_category().message(errno) + ": " + without};
}

struct EngineProbe {
  std::string_view name;
  bool isolates = false;  ///< EngineTraits::isolates_memory
  std::vector<Finding> findings{};

  [[nodiscard]] bool works() const {
    for (const Finding& finding : findings) {
      if (finding.state == Finding::State::Missing) return false;
    }
    return true;
  }
};

}  // namespace pvisor
