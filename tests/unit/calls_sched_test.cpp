// SPDX-License-Identifier: MIT
// sched_op's lesser commands: watchdogs, the reason given beforehand, and what is for domains that manage others.
#include <doctest/doctest.h>

#include <array>

#include "pvabi/domid.h"
#include "pvabi/errno.h"
#include "pvabi/hypercalls.h"
#include "pvabi/sched.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Guest : FakeWorld {
  Domain& domain = add_domain();
  template <class Op>
  std::int64_t sched(std::uint64_t command, const Op& op) {
    return call(domain, PV_HC_SCHED_OP, {command, put(domain, op)});
  }
  std::int64_t watchdog(std::uint32_t id, std::uint32_t seconds) { return sched(PV_SCHEDOP_WATCHDOG, pv_sched_watchdog{id, seconds}); }
};

}  // namespace

TEST_CASE("A domain has two watchdogs, and their ids say which") {
  Guest guest;
  for (const std::uint32_t id : {1U, 2U, 3U, ~0U}) CHECK(guest.watchdog(id, 5) == -PV_EINVAL);
  CHECK(guest.watchdog(0, 5) == 1);
  CHECK(guest.watchdog(0, 5) == 2);
  CHECK(guest.watchdog(0, 5) == -PV_ENOSPC);
  CHECK(guest.watchdog(1, 0) == 0);
  CHECK(guest.watchdog(1, 5) == -PV_EINVAL);
  CHECK(guest.watchdog(0, 5) == 1);
}

TEST_CASE("A watchdog that is set anew does not end the domain, one that is not does") {
  Guest guest;
  REQUIRE(guest.watchdog(0, 5) == 1);
  guest.clock.set(4 * kSecond);
  REQUIRE(guest.watchdog(1, 5) == 0);
  guest.clock.set(9 * kSecond - 1);
  guest.monitor.turn();
  CHECK_FALSE(guest.domain.ended());
  guest.clock.set(9 * kSecond);
  guest.monitor.turn();
  REQUIRE(guest.domain.ended());
  CHECK(guest.domain.ended()->kind == DomainEnd::Kind::Watchdog);
}

TEST_CASE("A watchdog does not outlive its domain's end") {
  Guest guest;
  REQUIRE(guest.watchdog(0, 0xffff'ffff) == 1);
  CHECK(guest.monitor.next_deadline() == 0xffff'ffff * kSecond);
  guest.domain.end({});
  CHECK_FALSE(guest.monitor.next_deadline());
}

TEST_CASE("The first shutdown code is the reason of any later shutdown") {
  Guest guest;
  CHECK(guest.sched(PV_SCHEDOP_SHUTDOWN_CODE, pv_sched_shutdown{PV_SHUTDOWN_REBOOT}) == 0);
  CHECK(guest.sched(PV_SCHEDOP_SHUTDOWN_CODE, pv_sched_shutdown{PV_SHUTDOWN_CRASH}) == 0);
  CHECK_FALSE(guest.domain.ended());
  guest.sched(PV_SCHEDOP_SHUTDOWN, pv_sched_shutdown{PV_SHUTDOWN_POWEROFF});
  REQUIRE(guest.domain.ended());
  CHECK(guest.domain.ended()->kind == DomainEnd::Kind::Reboot);
}

TEST_CASE("A guest shuts nobody else down and pins nobody") {
  Guest guest;
  const Domain& other = guest.add_domain();
  const auto shut = [&](std::uint16_t id) { return guest.sched(PV_SCHEDOP_REMOTE_SHUTDOWN, pv_sched_remote_shutdown{id, 0, 0}); };
  for (const std::uint16_t id : {std::uint16_t{0}, other.id().value(), guest.domain.id().value()}) CHECK(shut(id) == -PV_EPERM);
  for (const std::uint16_t id : {std::uint16_t{PV_DOMID_SELF}, std::uint16_t{0x7fff}, std::uint16_t{0xffff}}) CHECK(shut(id) == -PV_ESRCH);
  CHECK_FALSE(other.ended());
  CHECK(guest.sched(PV_SCHEDOP_PIN_OVERRIDE, 0) == -PV_EPERM);
  for (const auto command : std::to_array<std::uint64_t>({4, 5, 6})) CHECK(guest.call(guest.domain, PV_HC_SCHED_OP, {command, 0}) == -PV_EFAULT);
}
