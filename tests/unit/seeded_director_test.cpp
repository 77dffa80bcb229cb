// SPDX-License-Identifier: MIT
// Runs that repeat: choices, steps of time and the hash, with the fake engine.
#include "core/seeded_director.hpp"

#include <doctest/doctest.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/monitor.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

struct Outcome {
  std::uint64_t hash = 0;
  std::uint64_t now = 0;
  std::vector<std::uint16_t> order;  ///< whose call each was
};

/// `domains` guests that yield `calls` times each, then stop.
Outcome run(std::uint64_t seed, std::size_t domains, std::uint32_t calls) {
  VirtualClock clock(0);
  SeededDirector director(seed, clock);
  FakeHooks hooks;
  FakeEngine engine;
  Monitor monitor(clock, hooks);
  monitor.set_director(&director);
  Outcome outcome;
  for (std::size_t i = 0; i < domains; ++i) monitor.create_domain("d" + std::to_string(i), engine).install(make_fake_image(engine, 16));
  engine.script = [&](FakeVcpu& vcpu, std::optional<std::int64_t>) -> Exit {
    for (std::size_t i = 0; i < engine.vcpus().size(); ++i) {
      if (engine.vcpus()[i] == &vcpu) outcome.order.push_back(static_cast<std::uint16_t>(i));
    }
    if (vcpu.results.size() > calls) return DiedExit{"done"};
    return HypercallExit{PV_HC_SCHED_OP, {PV_SCHEDOP_YIELD}};
  };
  while (monitor.turn()) {
  }
  outcome.hash = director.hash();
  outcome.now = clock.now_ns();
  return outcome;
}

}  // namespace

TEST_CASE("the same seed repeats the order, the time and the hash") {
  const Outcome first = run(7, 3, 40);
  const Outcome second = run(7, 3, 40);
  CHECK(first.order == second.order);
  CHECK(first.hash == second.hash);
  CHECK(first.now == second.now);
}

TEST_CASE("seeds differ in the order of several guests, and not for one alone") {
  std::set<std::vector<std::uint16_t>> orders;
  std::set<std::uint64_t> hashes;
  std::set<std::uint64_t> alone;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    const Outcome outcome = run(seed, 3, 40);
    orders.insert(outcome.order);
    hashes.insert(outcome.hash);
    alone.insert(run(seed, 1, 40).hash);
  }
  CHECK(orders.size() == 16);
  CHECK(hashes.size() == 16);
  CHECK(alone.size() == 1);
}

TEST_CASE("every guest gets its turns whatever the seed") {
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    const Outcome outcome = run(seed, 4, 10);
    for (std::uint16_t guest = 0; guest < 4; ++guest) {
      CHECK(std::count(outcome.order.begin(), outcome.order.end(), guest) == 11);
    }
  }
}

TEST_CASE("every call that reaches the monitor costs one step of time") {
  CHECK(run(1, 1, 25).now == 25 * SeededDirector::kStepNs);
  CHECK(run(1, 2, 25).now == 50 * SeededDirector::kStepNs);
}

TEST_CASE("a vCPU sees the step that its last call cost") {
  VirtualClock clock(0);
  SeededDirector director(1, clock);
  FakeHooks hooks;
  FakeEngine engine;
  Monitor monitor(clock, hooks);
  monitor.set_director(&director);
  Domain& domain = monitor.create_domain("reader", engine);
  domain.install(make_fake_image(engine, 16));
  const std::uint64_t info = domain.memory().virt_base().value() + domain.image().shared_info.value() * kPageSize;
  constexpr std::uint64_t kSystemTime = 32 + 16;  // vcpu_info[0].time.system_time
  std::vector<std::uint64_t> seen;
  engine.script = [&](FakeVcpu&, std::optional<std::int64_t>) -> Exit {
    seen.push_back(domain.memory().read<std::uint64_t>(GuestVirt(info + kSystemTime)).value());
    if (seen.size() == 4) return DiedExit{"done"};
    return HypercallExit{PV_HC_NOP, {}};
  };
  while (monitor.turn()) {
  }
  CHECK(seen == std::vector<std::uint64_t>{0, 1000, 2000, 3000});
}

TEST_CASE("the hash tells what, when and to whom") {
  VirtualClock clock(0);
  std::set<std::uint64_t> hashes;
  const auto one = [&](auto happening) {
    SeededDirector director(0, clock);
    happening(director);
    hashes.insert(director.hash());
  };
  const auto text = [](const char* words) { return std::as_bytes(std::span(words, 2)); };
  one([](SeededDirector&) {});
  one([](SeededDirector& d) { d.raised(DomainId{1}, Port{1}, VcpuId{0}); });
  one([](SeededDirector& d) { d.raised(DomainId{2}, Port{1}, VcpuId{0}); });
  one([](SeededDirector& d) { d.raised(DomainId{1}, Port{2}, VcpuId{0}); });
  one([](SeededDirector& d) { d.raised(DomainId{1}, Port{1}, VcpuId{1}); });
  one([](SeededDirector& d) { d.exited(DomainId{1}, VcpuId{0}, FaultExit{14, 0, 16}); });
  one([](SeededDirector& d) { d.exited(DomainId{1}, VcpuId{0}, FaultExit{14, 2, 16}); });
  one([](SeededDirector& d) { d.exited(DomainId{1}, VcpuId{0}, PreemptedExit{}); });
  one([](SeededDirector& d) { d.io_completed(0, 512, 4096); });
  one([](SeededDirector& d) { d.io_completed(0, 512, -5); });
  one([&](SeededDirector& d) { d.console_bytes(DomainId{1}, text("ab")); });
  one([&](SeededDirector& d) { d.console_bytes(DomainId{1}, text("ba")); });
  clock.jump_to(5);
  one([&](SeededDirector& d) { d.console_bytes(DomainId{1}, text("ba")); });
  CHECK(hashes.size() == 13);
}
