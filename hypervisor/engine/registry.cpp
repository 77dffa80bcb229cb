// SPDX-License-Identifier: MIT
#include "engine/registry.hpp"

#include <array>

#include "engine/fiber/fiber_engine.hpp"

namespace pvisor {

namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Engine> (*make)();
};

constexpr std::array kEngines{Entry{"fiber", fiber::make_fiber_engine}};

constexpr auto kNames = [] {
  std::array<std::string_view, kEngines.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEngines[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> engine_names() { return kNames; }

std::unique_ptr<Engine> make_engine(std::string_view name) {
  for (const Entry& entry : kEngines) {
    if (entry.name == name) return entry.make();
  }
  return nullptr;
}

}  // namespace pvisor
