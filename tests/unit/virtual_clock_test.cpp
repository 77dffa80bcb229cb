// SPDX-License-Identifier: MIT
#include "core/virtual_clock.hpp"

#include <doctest/doctest.h>


#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>

#include "core/monitor.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kHour = 3'600'000'000'000;

/// A guest that polls until one hour has passed, then powers off.
Exit sleep_an_hour(FakeVcpu& vcpu, std::uint64_t poll_at, std::uint64_t shutdown_at) {
  if (vcpu.results.size() == 1) return HypercallExit{PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, poll_at}};
  return HypercallExit{PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, shutdown_at}};
}

}  // namespace

TEST_CASE("virtual time stands still until nothing can run, then jumps to the next deadline") {
  VirtualClock clock(0);
  FakeHooks hooks;
  FakeEngine engine;
  Monitor monitor(clock, hooks);
  Domain& domain = monitor.create_domain("sleeper", engine);
  domain.install(make_fake_image(engine, 16));
  const std::uint64_t base = domain.memory().virt_base().value();
  CHECK(domain.memory().write(GuestVirt(base), pv_sched_poll{base, 0, 0, kHour}));
  CHECK(domain.memory().write(GuestVirt(base + 256), pv_sched_shutdown{PV_SHUTDOWN_POWEROFF}));
  engine.script = [base](FakeVcpu& vcpu, std::optional<std::int64_t>) { return sleep_an_hour(vcpu, base, base + 256); };

  CHECK_FALSE(monitor.turn());
  CHECK(clock.now_ns() == 0);
  run_virtual(monitor, clock);

  REQUIRE(domain.ended());
  CHECK(domain.ended()->kind == DomainEnd::Kind::Poweroff);
  CHECK(clock.now_ns() == kHour);
}

TEST_CASE("a vCPU sees virtual time as it is when it gets its turn") {
  VirtualClock clock(0);
  FakeHooks hooks;
  FakeEngine engine;
  Monitor monitor(clock, hooks);
  Domain& domain = monitor.create_domain("reader", engine);
  domain.install(make_fake_image(engine, 16));
  clock.jump_to(12'345);
  monitor.turn();
  const std::uint64_t info = domain.memory().virt_base().value() + domain.image().shared_info.value() * kPageSize;
  constexpr std::uint64_t kSystemTime = 32 + 16;  // vcpu_info[0].time.system_time
  CHECK(domain.memory().read<std::uint64_t>(GuestVirt(info + kSystemTime)) == 12'345);
  clock.jump_to(1);
  CHECK(clock.now_ns() == 12'345);
}
