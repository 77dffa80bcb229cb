// SPDX-License-Identifier: MIT
// vcpu_op's structures in guest memory: run-state times, copies of the time, and vcpu_info in another place.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>

#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>
#include <pvabi/shared_info.h>
#include <pvabi/vcpu.h>

#include "support/vcpu_world.hpp"

using namespace pvisor;

namespace {

constexpr GuestFrame kArea{7};

struct AreaWorld : VcpuWorld {
  using VcpuWorld::VcpuWorld;
  [[nodiscard]] std::uint64_t area(std::uint64_t offset = 0) const { return address(domain, kArea, offset); }
  pv_vcpu_runstate_info run_states(std::uint64_t vcpu) {
    const std::uint64_t at = address(domain, kArea, 2048);
    PV_CHECK(vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, vcpu, at) == 0);
    return get<pv_vcpu_runstate_info>(domain, at);
  }
  std::int64_t register_info(std::uint64_t vcpu, std::uint64_t frame, std::uint32_t offset, VcpuId caller = VcpuId{0}) {
    return vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, vcpu, pv_vcpu_register_vcpu_info{frame, offset, 0}, caller);
  }
};

/// Offset of an area that begins in one page and ends in the next.
constexpr std::uint64_t kAcross = kPageSize - 8;

}  // namespace

TEST_CASE("run-state times tell running, runnable, blocked and offline apart and add up") {
  AreaWorld world;
  world.start(1);
  CHECK(world.run_states(1).state == PV_RUNSTATE_RUNNABLE);
  world.clock.advance(10);
  world.call(world.domain, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK}, VcpuId{1});
  world.clock.advance(20);
  world.domain.vcpu(VcpuId{1})->wake();
  world.clock.advance(30);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  world.clock.advance(40);
  const pv_vcpu_runstate_info info = world.run_states(1);
  CHECK(info.state == PV_RUNSTATE_OFFLINE);
  CHECK(info.state_entry_time == 60);
  CHECK(info.time[PV_RUNSTATE_RUNNABLE] == 40);
  CHECK(info.time[PV_RUNSTATE_BLOCKED] == 20);
  CHECK(info.time[PV_RUNSTATE_OFFLINE] == 40);
  CHECK(info.time[PV_RUNSTATE_RUNNING] == 0);
}

TEST_CASE("time before a vCPU's first question counts for the state it was in then") {
  AreaWorld world;
  world.clock.advance(15);
  world.start(1);
  world.clock.advance(5);
  CHECK(world.run_states(1).time[PV_RUNSTATE_RUNNABLE] == 20);
}

TEST_CASE("a vCPU runs from its turn until it stops") {
  AreaWorld world;
  (void)world.run_states(0);
  world.engine.script = [&world](FakeVcpu&, std::optional<std::int64_t>) -> Exit {
    world.clock.advance(100);
    return PreemptedExit{};
  };
  world.monitor.turn();
  world.clock.advance(5);
  const pv_vcpu_runstate_info info = world.run_states(0);
  CHECK(info.time[PV_RUNSTATE_RUNNING] == 100);
  CHECK(info.time[PV_RUNSTATE_RUNNABLE] == 5);
}

TEST_CASE("get_runstate_info needs room for its answer") {
  AreaWorld world;
  const std::uint64_t end = AreaWorld::end_of(world.domain);
  CHECK(world.vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 1, end - sizeof(pv_vcpu_runstate_info)) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_GET_RUNSTATE_INFO, 1, end - sizeof(pv_vcpu_runstate_info) + 1) == -PV_EFAULT);
}

TEST_CASE("a registered run-state area is written at once and whenever the vCPU begins to run") {
  AreaWorld world;
  for (const std::uint64_t offset : {std::uint64_t{64}, kAcross}) {
    const std::uint64_t at = world.area(offset);
    CHECK(world.vcpu_op(PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, pv_vcpu_register_runstate_memory_area{at}) == 0);
    CHECK(AreaWorld::get<pv_vcpu_runstate_info>(world.domain, at).state == PV_RUNSTATE_RUNNABLE);
    world.clock.advance(7);
    world.monitor.turn();
    const auto info = AreaWorld::get<pv_vcpu_runstate_info>(world.domain, at);
    CHECK(info.state == PV_RUNSTATE_RUNNING);
    CHECK(info.state_entry_time == world.clock.now_ns());
    CHECK(info.time[PV_RUNSTATE_RUNNABLE] >= 7);
  }
}

TEST_CASE("a registered time area follows vcpu_info.time") {
  AreaWorld world;
  const std::uint64_t at = world.area(kAcross);
  CHECK(world.vcpu_op(PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, 1, pv_vcpu_register_time_memory_area{at}) == 0);
  world.clock.set(1234);
  world.domain.publish_time(*world.domain.vcpu(VcpuId{1}));
  const auto copy = AreaWorld::get<pv_vcpu_time_info>(world.domain, at);
  CHECK(copy.system_time == 1234);
  CHECK(copy.tsc_to_system_mul != 0);
  CHECK(copy.version % 2 == 0);
}

TEST_CASE("areas that are not the guest's RAM, or whose words would lie across two pages, are refused") {
  AreaWorld world;
  const std::uint64_t special = AreaWorld::address(world.domain, world.domain.image().shared_info);
  for (const auto command : std::to_array<std::uint32_t>({PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, PV_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA})) {
    const auto attempt = [&](std::uint64_t at) { return world.vcpu_op(command, 0, pv_vcpu_register_time_memory_area{at}); };
    CHECK(attempt(0) == -PV_EFAULT);
    CHECK(attempt(special) == -PV_EFAULT);
    CHECK(attempt(special - 8) == -PV_EFAULT);
    CHECK(attempt(AreaWorld::end_of(world.domain)) == -PV_EFAULT);
    CHECK(attempt(~std::uint64_t{7}) == -PV_EFAULT);
    CHECK(attempt(world.area(4)) == -PV_EINVAL);
    CHECK(world.vcpu_op(command, 0, AreaWorld::end_of(world.domain)) == -PV_EFAULT);
  }
}

TEST_CASE("the frame of an area is not replaced by another domain's page, and given up with the next registration") {
  AreaWorld world;
  const auto set = [&](std::uint64_t at) {
    return world.vcpu_op(PV_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, pv_vcpu_register_runstate_memory_area{at});
  };
  CHECK(set(world.area()) == 0);
  CHECK(world.domain.memory().is_pinned(kArea));
  CHECK(set(AreaWorld::address(world.domain, GuestFrame{9})) == 0);
  CHECK_FALSE(world.domain.memory().is_pinned(kArea));
}

TEST_CASE("vcpu_info moves with what is pending, and events then go to the new place") {
  AreaWorld world;
  const auto port = Port(static_cast<std::uint32_t>(world.domain.events().bind_ipi(VcpuId{1})));
  world.start(1);
  world.domain.shared_info().set_upcall_mask(VcpuId{1}, true);
  CHECK(world.register_info(1, kArea.value(), 64) == -PV_EINVAL);  // it is up, and not the caller
  CHECK(world.register_info(1, kArea.value(), 64, VcpuId{1}) == 0);
  CHECK(world.engine.vcpus().back()->vcpu_info == world.area(64));
  const auto moved = AreaWorld::get<pv_vcpu_info>(world.domain, world.area(64));
  CHECK(moved.evtchn_upcall_pending == 1);
  CHECK(moved.evtchn_pending_sel == ~std::uint64_t{0});
  CHECK(moved.evtchn_upcall_mask == 1);
  CHECK(moved.time.tsc_to_system_mul != 0);

  PV_CHECK(world.domain.memory().write(GuestVirt{world.area(64)}, pv_vcpu_info{}));
  CHECK(world.domain.events().send(port) == 0);
  CHECK(AreaWorld::get<pv_vcpu_info>(world.domain, world.area(64)).evtchn_pending_sel == 1);
  CHECK(world.domain.shared_info().upcall_due(VcpuId{1}));
  CHECK(world.register_info(1, kArea.value(), 128, VcpuId{1}) == -PV_EINVAL);  // once and for good
}

TEST_CASE("vcpu_info of a vCPU that is down may be moved by another, before it is initialised too") {
  AreaWorld world;
  CHECK(world.register_info(1, kArea.value(), kPageSize - sizeof(pv_vcpu_info)) == 0);
  CHECK(world.initialise(1, VcpuWorld::context()) == 0);
  CHECK(world.engine.vcpus().back()->vcpu_info == world.area(kPageSize - sizeof(pv_vcpu_info)));
}

TEST_CASE("a place that vcpu_info cannot have is refused") {
  AreaWorld world;
  CHECK(world.register_info(0, kArea.value(), kPageSize - sizeof(pv_vcpu_info) + 8) == -PV_ENXIO);
  CHECK(world.register_info(0, kArea.value(), 0xffff'fff8) == -PV_ENXIO);
  CHECK(world.register_info(0, kArea.value(), 4) == -PV_ENXIO);
  CHECK(world.register_info(0, world.domain.image().shared_info.value(), 0) == -PV_EINVAL);
  CHECK(world.register_info(0, ~std::uint64_t{0}, 0) == -PV_EINVAL);
  CHECK(world.register_info(0, std::uint64_t{1} << 52, 0) == -PV_EINVAL);
  CHECK(world.vcpu_op(PV_VCPUOP_REGISTER_VCPU_INFO, 0, AreaWorld::end_of(world.domain)) == -PV_EFAULT);
  CHECK(world.register_info(0, kArea.value(), 0) == 0);
}

TEST_CASE("a new image has every vcpu_info in shared_info again") {
  AreaWorld world;
  CHECK(world.register_info(1, kArea.value(), 0) == 0);
  world.domain.install(make_fake_image(world.engine, 8, 2));
  CHECK_FALSE(world.domain.shared_info().moved_to(VcpuId{1}));
}
