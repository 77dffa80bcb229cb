// SPDX-License-Identifier: MIT
// vcpu_op initialise, up, down and is_up, and what events, chain-load and shutdown make of several vCPUs; with the engine in
// both forms where they differ.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include <pvabi/cpu.h>
#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/extensions.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#include "support/vcpu_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kNotCanonical = 0x0000'8000'0000'0000;
/// The upper half of a register, which 32-bit arguments do not have.
constexpr std::uint64_t kNoise = 0xdead'beef'0000'0000;
constexpr HypercallExit kNop{PV_HC_NOP, {}};

Port ipi_on(Domain& domain, VcpuId vcpu) { return Port(static_cast<std::uint32_t>(domain.events().bind_ipi(vcpu))); }

}  // namespace

TEST_CASE("only vCPU 0 is up at first, and there are no others than the domain was given") {
  VcpuWorld world(FakeEngine::Form::Synchronous, 32);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 0) == 1);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, kNoise | 31) == 0);
  for (const std::uint64_t nobody : {32ULL, 0x8000'0000ULL, 0xffff'ffffULL}) {
    CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, nobody) == -PV_ENOENT);
    CHECK(world.vcpu_op(99, nobody) == -PV_ENOENT);
  }
}

TEST_CASE("commands that are not offered answer -ENOSYS") {
  VcpuWorld world;
  for (const int command : {PV_VCPUOP_SEND_NMI, PV_VCPUOP_GET_PHYSID, 14, 99}) {
    CHECK(world.vcpu_op(static_cast<std::uint32_t>(command), 0) == -PV_ENOSYS);
  }
}

TEST_CASE("initialise hands the context to the engine, up runs the vCPU, and both may be repeated only as on Xen") {
  VcpuWorld world;
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == -PV_EINVAL);
  pv_vcpu_guest_context context = VcpuWorld::context();
  context.user_regs.rdi = 77;
  context.gs_base_kernel = 0x5000;
  CHECK(world.initialise(1, context) == 0);
  CHECK(world.initialise(1, context) == -PV_EEXIST);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 1) == 0);

  const FakeVcpu& engine_vcpu = *world.engine.vcpus().back();
  CHECK(engine_vcpu.start().id == 1);
  CHECK(engine_vcpu.start().context.user_regs.rdi == 77);
  CHECK(engine_vcpu.start().context.gs_base_kernel == 0x5000);
  CHECK(engine_vcpu.vcpu_info == VcpuWorld::address(world.domain, world.domain.image().shared_info, 64));

  world.monitor.turn();
  CHECK(engine_vcpu.results.empty());
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 1) == 1);
  world.monitor.turn();
  CHECK(engine_vcpu.results.size() == 1);
}

TEST_CASE("a vCPU whose context says online needs no up") {
  VcpuWorld world;
  pv_vcpu_guest_context context = VcpuWorld::context();
  context.flags |= PV_VGCF_ONLINE;
  CHECK(world.initialise(1, context) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 1) == 1);
}

TEST_CASE("a context that could not be run is refused, and the vCPU can still be initialised") {
  using Change = std::function<void(pv_vcpu_guest_context&)>;
  const std::pair<const char*, Change> changes[] = {
      {"rip", [](auto& c) { c.user_regs.rip = kNotCanonical; }},
      {"rsp", [](auto& c) { c.user_regs.rsp = kNotCanonical; }},
      {"kernel_sp", [](auto& c) { c.kernel_sp = kNotCanonical; }},
      {"fs_base", [](auto& c) { c.fs_base = kNotCanonical; }},
      {"gs_base_kernel", [](auto& c) { c.gs_base_kernel = kNotCanonical; }},
      {"gs_base_user", [](auto& c) { c.gs_base_user = kNotCanonical; }},
      {"event callback", [](auto& c) { c.event_callback_eip = kNotCanonical; }},
      {"failsafe callback", [](auto& c) { c.failsafe_callback_eip = kNotCanonical; }},
      {"syscall callback", [](auto& c) { c.syscall_callback_eip = kNotCanonical; }},
      {"first trap", [](auto& c) { c.trap_ctxt[0].address = kNotCanonical; }},
      {"last trap", [](auto& c) { c.trap_ctxt[255].address = kNotCanonical; }},
      {"ldt_base", [](auto& c) { c.ldt_base = 0x1008; }},
      {"ldt_ents", [](auto& c) { c.ldt_ents = 8193; }},
      {"gdt_ents", [](auto& c) { c.gdt_ents = 8193; }},
      {"user mode", [](auto& c) { c.flags = 0; }},
  };
  VcpuWorld world;
  for (const auto& one : changes) {
    CAPTURE(one.first);  // not a structured binding: clang 14 lets no lambda capture one
    const auto& change = one.second;
    pv_vcpu_guest_context context = VcpuWorld::context();
    change(context);
    CHECK(world.initialise(1, context) == -PV_EINVAL);
  }
  CHECK(world.vcpu_op(PV_VCPUOP_INITIALISE, 1, FakeWorld::end_of(world.domain) - sizeof(pv_vcpu_guest_context) + 1) == -PV_EFAULT);
  CHECK(world.initialise(0, VcpuWorld::context()) == -PV_EEXIST);
  CHECK(world.engine.vcpus().size() == 1);
  pv_vcpu_guest_context most = VcpuWorld::context();
  most.ldt_base = 0x1000;
  most.ldt_ents = 8192;
  most.gdt_ents = 8192;
  CHECK(world.initialise(1, most) == 0);
}

TEST_CASE("a vCPU that takes itself down stops in its call and goes on when it comes up again") {
  VcpuWorld world;
  world.start(1);
  FakeVcpu* second = world.engine.vcpus().back();
  world.engine.script = [second](FakeVcpu& vcpu, std::optional<std::int64_t>) -> Exit {
    if (&vcpu == second && vcpu.results.size() == 1) return HypercallExit{PV_HC_VCPU_OP, {PV_VCPUOP_DOWN, 1}};
    return PreemptedExit{};
  };
  world.monitor.turn();
  world.monitor.turn();
  CHECK(second->results.size() == 1);
  CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 1) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  world.monitor.turn();
  REQUIRE(second->results.size() == 2);
  CHECK(second->results[1] == 0);
}

TEST_CASE("the last vCPU that goes down powers the domain off") {
  VcpuWorld world;
  world.start(1);
  world.domain.set_exit_code(3);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);  // is down already
  CHECK_FALSE(world.domain.ended());
  world.vcpu_op(PV_VCPUOP_DOWN, 0);
  REQUIRE(world.domain.ended());
  CHECK(world.domain.ended()->kind == DomainEnd::Kind::Poweroff);
  CHECK(world.domain.ended()->exit_code == 3);
}

TEST_CASE("an event for a blocked vCPU that was taken down waits until it is up") {
  VcpuWorld world;
  world.start(1);
  Vcpu& second = *world.domain.vcpu(VcpuId{1});
  world.call(world.domain, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK}, VcpuId{1});
  CHECK(second.state == VcpuState::Blocked);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK(world.domain.events().send(ipi_on(world.domain, VcpuId{1})) == 0);
  CHECK(second.state == VcpuState::Runnable);
  world.monitor.turn();
  CHECK(world.engine.vcpus().back()->results.empty());
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  world.monitor.turn();
  CHECK(world.engine.vcpus().back()->results.size() == 1);
}

TEST_CASE("taking down a vCPU that runs elsewhere stops it") {
  VcpuWorld world(FakeEngine::Form::Asynchronous);
  world.start(1);
  FakeVcpu& second = *world.engine.vcpus().back();
  world.monitor.turn();
  CHECK(second.is_running());
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK_FALSE(second.is_running());
  world.monitor.turn();
  CHECK_FALSE(second.is_running());
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  world.monitor.turn();
  CHECK(second.is_running());
  CHECK_FALSE(second.results.back().has_value());
}

TEST_CASE("a call that a vCPU made elsewhere before it was taken down is served, and answered when it is up") {
  VcpuWorld world(FakeEngine::Form::Asynchronous);
  world.start(1);
  FakeVcpu& second = *world.engine.vcpus().back();
  world.monitor.turn();
  second.announce(kNop);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  world.monitor.turn();
  CHECK_FALSE(second.is_running());
  CHECK_FALSE(second.has_announced());
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  world.monitor.turn();
  CHECK(second.results.back() == 0);
}

TEST_CASE("a paused domain's vCPUs stay off the CPU whatever happens, and then go on as what they were") {
  VcpuWorld world(FakeEngine::Form::Asynchronous);
  world.start(1);
  world.monitor.turn();
  FakeVcpu& first = *world.engine.vcpus().front();
  FakeVcpu& second = *world.engine.vcpus().back();
  second.announce(kNop);
  world.domain.pause();
  world.domain.pause();
  CHECK_FALSE(first.is_running());
  world.monitor.turn();  // the call that was announced is answered, and waits
  CHECK_FALSE(second.is_running());
  CHECK(world.monitor.scheduler().runnable() == 0);
  CHECK(world.domain.events().send(ipi_on(world.domain, VcpuId{0})) == 0);
  world.monitor.turn();
  CHECK_FALSE(first.is_running());

  const std::size_t answers = second.results.size();
  world.domain.unpause();
  world.domain.unpause();
  world.monitor.turn();
  CHECK(first.is_running());
  CHECK(second.is_running());
  REQUIRE(second.results.size() == answers + 1);
  CHECK(second.results.back() == 0);
}

TEST_CASE("events reach the vCPU that their port is bound to") {
  VcpuWorld world(FakeEngine::Form::Asynchronous);
  world.start(1);
  world.monitor.turn();
  FakeVcpu& first = *world.engine.vcpus().front();
  FakeVcpu& second = *world.engine.vcpus().back();
  CHECK(world.domain.events().send(ipi_on(world.domain, VcpuId{1})) == 0);
  CHECK(first.kicks == 0);
  CHECK(second.kicks == 1);
  CHECK(world.domain.shared_info().upcall_pending(VcpuId{1}));
  CHECK_FALSE(world.domain.shared_info().upcall_pending(VcpuId{0}));
}

TEST_CASE("bind_vcpu moves a port's events, also to a vCPU that is down, but to none that does not exist") {
  VcpuWorld world;
  const auto port = Port(static_cast<std::uint32_t>(world.domain.events().alloc_unbound(world.domain.id())));
  const auto other = world.domain.events().bind_interdomain(world.domain.id(), port);
  REQUIRE(other > 0);
  CHECK(world.domain.events().bind_vcpu(port, VcpuId{1}) == 0);
  CHECK(world.domain.events().bind_vcpu(port, VcpuId{2}) == -PV_ENOENT);
  CHECK(world.domain.events().bind_ipi(VcpuId{2}) == -PV_ENOENT);
  CHECK(world.domain.events().bind_virq(PV_VIRQ_TIMER, VcpuId{2}) == -PV_ENOENT);
  CHECK(world.domain.events().send(Port(static_cast<std::uint32_t>(other))) == 0);
  CHECK(world.domain.shared_info().upcall_pending(VcpuId{1}));
}

TEST_CASE("each vCPU polls for itself") {
  VcpuWorld world;
  world.start(1);
  const Port one = ipi_on(world.domain, VcpuId{0});
  const Port two = ipi_on(world.domain, VcpuId{1});
  const auto poll = [&](VcpuId vcpu, Port port) {
    const std::uint64_t ports = world.put(world.domain, port.value());
    const std::uint64_t request = world.put(world.domain, pv_sched_poll{ports, 1, 0, 0}, 256);
    world.call(world.domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, request}, vcpu);
  };
  poll(VcpuId{0}, one);
  poll(VcpuId{1}, two);
  CHECK(world.domain.events().send(two) == 0);
  CHECK(world.domain.vcpu(VcpuId{0})->state == VcpuState::Blocked);
  CHECK(world.domain.vcpu(VcpuId{1})->state == VcpuState::Runnable);
}

TEST_CASE("any vCPU can shut the domain down or crash it, and a report names it") {
  VcpuWorld world;
  world.start(1);
  world.call(world.domain, PV_HC_SCHED_OP,
             {PV_SCHEDOP_SHUTDOWN, world.put(world.domain, pv_sched_shutdown{PV_SHUTDOWN_CRASH})}, VcpuId{1});
  REQUIRE(world.domain.ended());
  CHECK(world.domain.ended()->report == "report: vCPU 1: " + world.domain.ended()->reason);
  const std::size_t runs = world.engine.vcpus().front()->results.size();
  world.monitor.turn();
  CHECK(world.engine.vcpus().front()->results.size() == runs);
}

TEST_CASE("chain-load is refused while another vCPU is up") {
  VcpuWorld world;
  world.start(1);
  const auto chainload = [&] { return world.call(world.domain, PV_HC_CHAINLOAD, {world.put(world.domain, pv_chainload{})}); };
  CHECK(chainload() == -PV_EBUSY);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK(chainload() == -PV_ENOEXEC);  // all of its checks passed: these tests have no builder
}

TEST_CASE("a new image has all of its vCPUs but the first down") {
  VcpuWorld world;
  world.start(1);
  world.domain.install(make_fake_image(world.engine, 8, 3));
  CHECK(world.domain.vcpu_count() == 3);
  CHECK(world.domain.vcpus_up() == 1);
  CHECK(world.engine.vcpus().size() == 1);
}
