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

/// Pure: puts into words what was found.
[[nodiscard]] Diagnosis diagnose(std::span<const EngineProbe> engines, std::span<const Finding> host);

}  // namespace pvisor
