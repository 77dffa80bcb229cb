// SPDX-License-Identifier: MIT
// Long calls, which the monitor serves in pieces (HypercallResult::Kind::Again).
#include <doctest/doctest.h>

#include <utility>

#include "pvabi/grant_table.h"
#include "pvabi/hypercalls.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

/// Two domains; the first makes one call that takes four pieces.
struct LongCall : FakeWorld {
  Domain& domain = add_domain();
  Domain& other = add_domain();
  FakeVcpu& caller = *engine.vcpus()[0];
  FakeVcpu& bystander = *engine.vcpus()[1];
  bool called = false;

  LongCall() {
    const std::uint64_t list = address(domain, GuestFrame{5});
    engine.script = [this, list](FakeVcpu& vcpu, std::optional<std::int64_t>) -> Exit {
      if (&vcpu != &caller || std::exchange(called, true)) return PreemptedExit{};
      return HypercallExit{PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_UNMAP_GRANT_REF, list, 100}};
    };
  }
};

}  // namespace

TEST_CASE("A long call is answered once, and others run between its pieces") {
  LongCall world;
  for (int turn = 0; turn < 3; ++turn) {
    CHECK(world.monitor.turn());
    CHECK(world.caller.results.size() == 1);
  }
  CHECK(world.bystander.results.size() >= 3);
  for (int turn = 0; turn < 3; ++turn) world.monitor.turn();
  REQUIRE(world.caller.results.size() >= 2);
  CHECK(world.caller.results[1] == 0);
}

TEST_CASE("A domain that ends in the middle of a long call is served no further") {
  LongCall world;
  world.monitor.turn();
  world.domain.end({});
  for (int turn = 0; turn < 6; ++turn) world.monitor.turn();
  CHECK(world.caller.results.size() == 1);
  world.monitor.destroy_domain(world.domain.id());
  world.monitor.turn();
}
