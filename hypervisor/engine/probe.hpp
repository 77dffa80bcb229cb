// SPDX-License-Identifier: MIT
// What an engine finds on this host: asked by `pvisor doctor`, without making the engine. Each engine's folder has its own
// probe, named in registry.cpp.
#pragma once

#include <string>
#include <string_view>
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
