// SPDX-License-Identifier: MIT
#include "core/hypercall.hpp"

#include <doctest/doctest.h>

#include <pvabi/errno.h>
#include <pvabi/hypercalls.h>

#include "support/fake_engine_world.hpp"

using namespace pvisor;

TEST_CASE("a number that nobody serves, or only the shim, answers -ENOSYS in the monitor, or -EPERM what is for managers") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  for (std::uint64_t number = 0; number < 256; ++number) {
    CAPTURE(number);
    if (served_by(number) == ServedBy::Monitor) continue;
    const bool manages = number == PV_HC_PLATFORM_OP || number == PV_HC_SYSCTL || number == PV_HC_DOMCTL || number == PV_HC_KEXEC_OP ||
                         number == PV_HC_HYPFS_OP;
    for (const std::uint64_t argument : {0ULL, ~0ULL}) {
      CHECK(world.call(domain, number, {argument, argument, argument, argument, argument}) == (manages ? -PV_EPERM : -PV_ENOSYS));
    }
  }
  CHECK(world.call(domain, 1ULL << 31, {}) == -PV_ENOSYS);
  CHECK(world.call(domain, ~0ULL, {}) == -PV_ENOSYS);
}

TEST_CASE("every call survives arguments that are all ones, all zero or addresses outside") {
  for (std::uint64_t number = 0; number < kHypercallNumbers; ++number) {
    if (served_by(number) != ServedBy::Monitor) continue;
    for (std::uint64_t command = 0; command < 32; ++command) {
      for (const std::uint64_t value : {0ULL, ~0ULL, 1ULL << 63, 0x8000'0000'0000ULL, 0x10'0000'0fffULL}) {
        CAPTURE(number);
        CAPTURE(command);
        CAPTURE(value);
        FakeWorld world;
        Domain& domain = world.add_domain();
        // sched_op may end or block the domain; everything else must answer.
        world.call(domain, number, {command, value, value, value, value});
        CHECK(domain.memory().ram_pages() == FakeWorld::kRamPages);
      }
    }
  }
}
