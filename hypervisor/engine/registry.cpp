// SPDX-License-Identifier: MIT
#include "engine/registry.hpp"

#include <algorithm>
#include <array>

#include "engine/fiber/fiber_engine.hpp"
#include "engine/process/process_engine.hpp"

namespace pvisor {

namespace {

struct Entry {
  std::string_view name;
  bool isolates;
  bool repeats;  ///< EngineTraits::deterministic
  std::unique_ptr<Engine> (*make)(const EngineOptions& options);
  std::vector<Finding> (*probe)();
};

constexpr std::array kEngines{
    Entry{"process", true, false, process::make_process_engine, process::probe_process_engine},
    Entry{"fiber", false, true, fiber::make_fiber_engine, fiber::probe_fiber_engine},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kEngines.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEngines[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> engine_names() { return kNames; }

std::string_view default_engine(bool must_repeat) {
  return std::find_if(kEngines.begin(), kEngines.end(), [&](const Entry& entry) { return entry.repeats || !must_repeat; })->name;
}

bool engine_isolates(std::string_view name) {
  return std::any_of(kEngines.begin(), kEngines.end(), [&](const Entry& entry) { return entry.name == name && entry.isolates; });
}

std::vector<EngineProbe> probe_engines() {
  std::vector<EngineProbe> probes;
  for (const Entry& entry : kEngines) probes.push_back({entry.name, entry.isolates, entry.probe()});
  return probes;
}

std::unique_ptr<Engine> make_engine(std::string_view name, const EngineOptions& options) {
  for (const Entry& entry : kEngines) {
    if (entry.name == name) return entry.make(options);
  }
  return nullptr;
}

}  // namespace pvisor
