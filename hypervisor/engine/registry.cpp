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
  std::unique_ptr<Engine> (*make)(const EngineOptions& options);
  std::vector<Finding> (*probe)();
};

constexpr std::array kEngines{
    Entry{"fiber", false, fiber::make_fiber_engine, fiber::probe_fiber_engine},
    Entry{"process", true, process::make_process_engine, process::probe_process_engine},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kEngines.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEngines[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> engine_names() { return kNames; }

bool engine_isolates(std::string_view name) {
  return std::any_of(kEngines.begin(), kEngines.end(), [&](const Entry& entry) { return entry.name == name && entry.isolates; });
}

std::vector<EngineProbe> probe_engines() {
  std::vector<EngineProbe> probes;
  for (const Entry& entry : kEngines) probes.push_back({entry.name, entry.probe()});
  return probes;
}

std::unique_ptr<Engine> make_engine(std::string_view name, const EngineOptions& options) {
  for (const Entry& entry : kEngines) {
    if (entry.name == name) return entry.make(options);
  }
  return nullptr;
}

}  // namespace pvisor
