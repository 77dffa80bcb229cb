// SPDX-License-Identifier: MIT
#include "core/monitor.hpp"

#include <doctest/doctest.h>

#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/extensions.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>

#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr HypercallExit kNop{PV_HC_NOP, {}};

struct CountingDevice final : DomainDevice {
  explicit CountingDevice(int& attached) : count(attached) {}
  void attach(Domain&) override { ++count; }
  void detach() override { --count; }
  int& count;
};

}  // namespace

TEST_CASE("a call is answered when the vCPU goes on") {
  FakeWorld world;
  world.engine.script = [](FakeVcpu& vcpu, std::optional<std::int64_t>) -> Exit {
    if (vcpu.results.size() == 1) return HypercallExit{63, {}};
    return PreemptedExit{};
  };
  world.add_domain();
  CHECK(world.monitor.turn());
  FakeVcpu& vcpu = *world.engine.vcpus().front();
  REQUIRE(vcpu.results.size() == 2);
  CHECK_FALSE(vcpu.results[0].has_value());
  CHECK(vcpu.results[1] == -PV_ENOSYS);
}

TEST_CASE("one turn gives each domain a bounded slice") {
  FakeWorld world;
  world.engine.script = [](FakeVcpu&, std::optional<std::int64_t>) -> Exit { return kNop; };
  world.add_domain();
  world.add_domain();
  CHECK(world.monitor.turn());
  CHECK(world.engine.vcpus()[0]->results.size() == 256);
  CHECK(world.engine.vcpus()[1]->results.size() == 256);
}

TEST_CASE("a fault ends its domain with a report and leaves the others") {
  FakeWorld world;
  Domain& bad = world.add_domain();
  Domain& good = world.add_domain();
  FakeVcpu* faulty = world.engine.vcpus().front();
  world.engine.script = [faulty](FakeVcpu& vcpu, std::optional<std::int64_t>) -> Exit {
    if (&vcpu == faulty) return FaultExit{14, 2, 0xdead0};
    return PreemptedExit{};
  };
  world.monitor.turn();
  REQUIRE(bad.ended());
  CHECK(bad.ended()->kind == DomainEnd::Kind::Crash);
  CHECK(bad.ended()->reason.find("page fault (#14) writing address 0xdead0") != std::string::npos);
  CHECK(bad.ended()->report == "report: vCPU 0: " + bad.ended()->reason);
  CHECK_FALSE(good.ended());
  const std::size_t runs = faulty->results.size();
  world.monitor.turn();
  CHECK(faulty->results.size() == runs);
}

TEST_CASE("shutdown with each reason ends the domain accordingly, and the first end counts") {
  const std::pair<std::uint32_t, DomainEnd::Kind> reasons[] = {{PV_SHUTDOWN_POWEROFF, DomainEnd::Kind::Poweroff},
                                                               {PV_SHUTDOWN_REBOOT, DomainEnd::Kind::Reboot},
                                                               {PV_SHUTDOWN_SUSPEND, DomainEnd::Kind::Suspend},
                                                               {PV_SHUTDOWN_CRASH, DomainEnd::Kind::Crash},
                                                               {PV_SHUTDOWN_WATCHDOG, DomainEnd::Kind::Watchdog}};
  for (const auto& [reason, kind] : reasons) {
    FakeWorld world;
    Domain& domain = world.add_domain();
    domain.set_exit_code(7);
    world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, world.put(domain, pv_sched_shutdown{reason})});
    REQUIRE(domain.ended());
    CHECK(domain.ended()->kind == kind);
    CHECK(domain.ended()->exit_code == 7);
    domain.end({DomainEnd::Kind::Killed, 1, "", ""});
    CHECK(domain.ended()->kind == kind);
  }
}

TEST_CASE("shutdown with a reason that is not offered ends the domain as crashed") {
  for (const std::uint32_t reason : {5U, 6U, 255U, 0xffff'ff06U}) {
    CAPTURE(reason);
    FakeWorld world;
    Domain& domain = world.add_domain();
    world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, world.put(domain, pv_sched_shutdown{reason})});
    REQUIRE(domain.ended());
    CHECK(domain.ended()->kind == DomainEnd::Kind::Crash);
    CHECK(domain.ended()->reason == "the guest shut down with reason " + std::to_string(reason & 0xff) + ", which is not offered here");
  }
}

TEST_CASE("only the low 8 bits of a shutdown's reason count") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, world.put(domain, pv_sched_shutdown{0x100 | PV_SHUTDOWN_REBOOT})});
  REQUIRE(domain.ended());
  CHECK(domain.ended()->kind == DomainEnd::Kind::Reboot);
}

TEST_CASE("an exit status above 99 is refused") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  CHECK(world.call(domain, PV_HC_EXIT_STATUS, {99}) == 0);
  CHECK(world.call(domain, PV_HC_EXIT_STATUS, {100}) == -PV_EINVAL);
  CHECK(domain.exit_code() == 99);
}

TEST_CASE("block waits for an event and answers 0 when it comes") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto port = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK});
  Vcpu& vcpu = *domain.vcpu(VcpuId{0});
  CHECK(vcpu.state == VcpuState::Blocked);
  CHECK(domain.events().send(Port(port)) == 0);
  CHECK(vcpu.state == VcpuState::Runnable);
  CHECK(vcpu.result == 0);
}

TEST_CASE("block with an event pending does not wait") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto port = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  domain.vcpu(VcpuId{0})->state = VcpuState::InHypercall;
  CHECK(domain.events().send(Port(port)) == 0);
  CHECK(world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK}) == 0);
  CHECK(domain.vcpu(VcpuId{0})->state != VcpuState::Blocked);
}

TEST_CASE("poll refuses what it cannot wait for") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto poll = [&](std::uint64_t ports, std::uint32_t count, std::uint64_t timeout) {
    return world.call(domain, PV_HC_SCHED_OP,
                      {PV_SCHEDOP_POLL, world.put(domain, pv_sched_poll{ports, count, 0, timeout}, 256)});
  };
  const std::uint64_t unbound = world.put(domain, std::uint32_t{77});
  CHECK(poll(unbound, 129, 0) == -PV_EINVAL);
  CHECK(poll(unbound, 0xffffffffU, 0) == -PV_EINVAL);
  CHECK(poll(unbound, 1, 0) == -PV_EINVAL);
  CHECK(poll(0, 1, 0) == -PV_EFAULT);
  CHECK(domain.vcpu(VcpuId{0})->state != VcpuState::Blocked);
}

TEST_CASE("poll ends by its port even while it is masked, and by its timeout") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  Vcpu& vcpu = *domain.vcpu(VcpuId{0});
  const auto port = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  domain.shared_info().mask(Port(port));
  const std::uint64_t ports = world.put(domain, port);
  const std::uint64_t request = world.put(domain, pv_sched_poll{ports, 1, 0, 5'000}, 256);

  world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, request});
  CHECK(vcpu.state == VcpuState::Blocked);
  CHECK(domain.events().send(Port(port)) == 0);
  CHECK(vcpu.state == VcpuState::Runnable);

  domain.shared_info().clear_pending(Port(port));
  world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, request});
  CHECK(vcpu.state == VcpuState::Blocked);
  CHECK(world.monitor.next_deadline() == 5'000);
  world.clock.set(5'000);
  world.monitor.timers().run_due(5'000);
  CHECK(vcpu.state == VcpuState::Runnable);
  CHECK(world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, request}) == 0);
}

TEST_CASE("a timer raises VIRQ_TIMER once, and 0 disarms it") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto port = static_cast<std::uint32_t>(domain.events().bind_virq(PV_VIRQ_TIMER, VcpuId{0}));
  CHECK(world.call(domain, PV_HC_SET_TIMER_OP, {1'000}) == 0);
  world.clock.set(2'000);
  world.monitor.timers().run_due(2'000);
  CHECK(domain.shared_info().is_pending(Port(port)));
  CHECK_FALSE(world.monitor.next_deadline());
  CHECK(world.call(domain, PV_HC_SET_TIMER_OP, {9'000}) == 0);
  CHECK(world.call(domain, PV_HC_SET_TIMER_OP, {0}) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("a new image replaces the old one: devices follow, ports are as new") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  int attached = 0;
  domain.add_device(std::make_unique<CountingDevice>(attached));
  CHECK(attached == 1);
  for (int i = 0; i < 5; ++i) CHECK(domain.events().bind_ipi(VcpuId{0}) > 0);

  domain.install(make_fake_image(world.engine, 8));
  CHECK(attached == 1);
  CHECK(domain.memory().ram_pages() == 8);
  CHECK(domain.events().is_allocated(kXenstorePort));
  CHECK(domain.events().is_allocated(kConsolePort));
  CHECK_FALSE(domain.events().is_allocated(Port(3)));
  CHECK(world.engine.vcpus().size() == 1);

  world.monitor.destroy_domain(domain.id());
  CHECK(attached == 0);
}

TEST_CASE("chain-load with nothing to build changes nothing and says why") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  std::array<char, 64> reason{};
  const std::uint64_t reason_at = world.put(domain, reason, 512);
  pv_chainload request{};
  request.reason = reason_at;
  request.reason_bytes = reason.size();
  CHECK(world.call(domain, PV_HC_CHAINLOAD, {world.put(domain, request)}) == -PV_ENOEXEC);
  reason = world.get<decltype(reason)>(domain, reason_at);
  CHECK(std::string(reason.data()) == "no builder in this test");
  CHECK_FALSE(domain.ended());

  request.flags = 0x80;
  CHECK(world.call(domain, PV_HC_CHAINLOAD, {world.put(domain, request)}) == -PV_EINVAL);
  request.flags = 0;
  request.kernel_bytes = ~std::uint64_t{0};
  CHECK(world.call(domain, PV_HC_CHAINLOAD, {world.put(domain, request)}) == -PV_EFAULT);
  CHECK(world.call(domain, PV_HC_CHAINLOAD, {world.end_of(domain)}) == -PV_EFAULT);
}

TEST_CASE("on an asynchronous engine exits arrive when they are announced") {
  FakeWorld world(FakeEngine::Form::Asynchronous);
  Domain& domain = world.add_domain();
  FakeVcpu& context = *world.engine.vcpus().front();
  Vcpu& vcpu = *domain.vcpu(VcpuId{0});

  CHECK_FALSE(world.monitor.turn());
  CHECK(context.is_running());
  CHECK(vcpu.state == VcpuState::Running);

  context.announce(kNop);
  world.monitor.turn();
  CHECK(context.is_running());
  REQUIRE(context.results.size() == 2);
  CHECK(context.results[1] == 0);
}

TEST_CASE("each event for a vCPU that runs elsewhere kicks it, for only its engine knows which kicks are acknowledged") {
  FakeWorld world(FakeEngine::Form::Asynchronous);
  Domain& domain = world.add_domain();
  FakeVcpu& context = *world.engine.vcpus().front();
  const auto one = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  const auto two = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
  world.monitor.turn();
  CHECK(domain.events().send(Port(one)) == 0);
  CHECK(context.kicks == 1);
  CHECK(domain.events().send(Port(two)) == 0);
  CHECK(context.kicks == 2);
  CHECK(domain.events().send(Port(two)) == 0);  // pending already
  CHECK(context.kicks == 2);
  context.announce(PreemptedExit{});
  world.monitor.turn();
  CHECK(context.is_running());
}

TEST_CASE("ending a domain whose vCPU runs elsewhere stops it") {
  FakeWorld world(FakeEngine::Form::Asynchronous);
  Domain& domain = world.add_domain();
  world.monitor.turn();
  domain.end({DomainEnd::Kind::Killed, 0, "", ""});
  CHECK(world.engine.vcpus().front()->stops == 1);
}
