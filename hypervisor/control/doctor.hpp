// SPDX-License-Identifier: MIT
// `pvisor doctor`: what can work on this host, and what is missing for the rest.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/probe.hpp"

namespace pvisor {

/// What the monitor itself, whatever the engine, finds on this host.
[[nodiscard]] std::vector<Finding> probe_host();

struct Diagnosis {
  std::string text;      ///< lines for standard output
  bool can_run = false;  ///< at least one engine works
};

/// Pure: puts into words what was found. The first engine is the default. `own` is what pvisor confines itself with.
[[nodiscard]] Diagnosis diagnose(std::span<const EngineProbe> engines, std::span<const Finding> host, std::span<const Finding> own);

/// --strict: throws HostError for the first thing that is not there and keeps a guest of these engines, or pvisor itself, from the host.
void check_strict(std::span<const EngineProbe> used, std::span<const Finding> own);

}  // namespace pvisor
