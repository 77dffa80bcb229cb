// SPDX-License-Identifier: MIT
// `pvisor doctor` in words, from scripted findings.
#include "control/doctor.hpp"

#include <doctest/doctest.h>

#include <array>

#include "engine/registry.hpp"

using namespace pvisor;
using State = Finding::State;

TEST_CASE("an engine works as long as nothing that it needs is missing") {
  const std::array host{Finding{State::Weaker, "speed", "slow"}};
  const std::array works{EngineProbe{"one", {{State::There, "a", "good"}, {State::Weaker, "b", "bad"}}}};
  const Diagnosis fine = diagnose(works, host);
  CHECK(fine.can_run);
  CHECK(fine.text == "engine one: works\n  yes      a: good\n  no       b: bad\nthis host\n  no       speed: slow\n");
  const std::array fails{EngineProbe{"two", {{State::Missing, "a", "no such \x1b thing"}}}};
  const Diagnosis broken = diagnose(fails, {});
  CHECK_FALSE(broken.can_run);
  CHECK(broken.text == "engine two: cannot work here\n  MISSING  a: no such \\x1b thing\nthis host\n");
}

TEST_CASE("one engine that works is enough") {
  const std::array two{EngineProbe{"one", {{State::Missing, "a", "b"}}}, EngineProbe{"two", {}}};
  CHECK(diagnose(two, {}).can_run);
  CHECK_FALSE(diagnose({}, {}).can_run);
}

TEST_CASE("every engine that can be chosen is probed") {
  const auto probes = probe_engines();
  REQUIRE(probes.size() == engine_names().size());
  for (std::size_t i = 0; i < probes.size(); ++i) {
    CHECK(probes[i].name == engine_names()[i]);
    CHECK_FALSE(probes[i].findings.empty());
  }
}
