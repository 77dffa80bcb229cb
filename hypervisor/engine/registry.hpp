// SPDX-License-Identifier: MIT
// The one place that names the engines.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"
#include "engine/probe.hpp"

namespace pvisor {

/// Names for --engine.
[[nodiscard]] std::span<const std::string_view> engine_names();
/// The engine of who names none; in a run that must repeat, another one than usual.
[[nodiscard]] std::string_view default_engine(bool must_repeat);
/// EngineTraits::isolates_memory of that engine, without making it; false for an unknown name.
[[nodiscard]] bool engine_isolates(std::string_view name);
/// What each engine finds on this host, the default first.
[[nodiscard]] std::vector<EngineProbe> probe_engines();
/// nullptr for an unknown name; throws HostError when the engine cannot work on this host.
[[nodiscard]] std::unique_ptr<Engine> make_engine(std::string_view name, const EngineOptions& options = {});

}  // namespace pvisor
