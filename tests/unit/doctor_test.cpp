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
  const std::array works{EngineProbe{"one", true, {{State::There, "a", "good"}, {State::Weaker, "b", "bad"}}}};
  const std::array own{Finding{State::There, "filter", "tight"}};
  const Diagnosis fine = diagnose(works, host, own);
  CHECK(fine.can_run);
  CHECK(fine.text ==
        "engine one: works\n  yes      a: good\n  no       b: bad\n"
        "default engine: one: it works here, and contains what a guest does\n"
        "pvisor itself, while guests run\n  yes      filter: tight\nthis host\n  no       speed: slow\n");
  const std::array fails{EngineProbe{"two", false, {{State::Missing, "a", "no such \x1b thing"}}}};
  const Diagnosis broken = diagnose(fails, {}, {});
  CHECK_FALSE(broken.can_run);
  CHECK(broken.text ==
        "engine two: cannot work here\n  MISSING  a: no such \\x1b thing\n"
        "default engine: two: pvisor run, boot and up refuse to start guests here: see to what is MISSING above\n"
        "pvisor itself, while guests run\nthis host\n");
}

TEST_CASE("one engine that works is enough") {
  const std::array two{EngineProbe{"one", true, {{State::Missing, "a", "b"}}}, EngineProbe{"two"}};
  CHECK(diagnose(two, {}, {}).can_run);
  CHECK_FALSE(diagnose({}, {}, {}).can_run);
}

TEST_CASE("every engine that can be chosen is probed") {
  const auto probes = probe_engines();
  REQUIRE(probes.size() == engine_names().size());
  for (std::size_t i = 0; i < probes.size(); ++i) {
    CHECK(probes[i].name == engine_names()[i]);
    CHECK_FALSE(probes[i].findings.empty());
  }
}

TEST_CASE("a default that cannot work is not exchanged for one that contains less, only named beside it") {
  const std::array two{EngineProbe{"one", true, {{State::Missing, "a", "b"}}}, EngineProbe{"two", false}};
  CHECK(diagnose(two, {}, {}).text.find("default engine: one: pvisor run, boot and up refuse to start guests here: see to what is MISSING "
                                        "above, or use --engine two, which contains nothing that a guest does\n") != std::string::npos);
}

TEST_CASE("strict: what confines must be there, and other things may be missing") {
  const Finding filter{State::Weaker, "filter", "old host", true};
  const Finding speed{State::Weaker, "speed", "slow"};
  const EngineProbe good{"good", true, {{State::There, "namespaces", "", true}, speed}};
  CHECK_NOTHROW(check_strict(std::array{good}, std::array{speed}));
  CHECK_THROWS_WITH(check_strict(std::array{good}, std::array{speed, filter}), "--strict: not there: filter: old host");
  CHECK_THROWS_WITH(check_strict(std::array{EngineProbe{"weak", true, {filter}}}, {}), "--strict: not there: filter: old host");
  CHECK_THROWS_WITH(check_strict(std::array{EngineProbe{"open", false}}, {}), "--strict: the open engine contains nothing that a guest does");
}
