// SPDX-License-Identifier: MIT
// vcpu_op's timers: limits, whose they are, and when they are still.
#include <doctest/doctest.h>

#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#include "support/vcpu_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;

struct TimerWorld : VcpuWorld {
  TimerWorld() {
    start(1);
    for (std::uint32_t id = 0; id < 2; ++id) {
      ports[id] = Port(static_cast<std::uint32_t>(domain.events().bind_virq(PV_VIRQ_TIMER, VcpuId{id})));
    }
  }
  /// Lets time pass; answers whether VIRQ_TIMER came on the vCPU, and takes it.
  bool ticked_at(std::uint64_t now, std::size_t vcpu) {
    clock.set(now);
    monitor.timers().run_due(now);
    const bool came = domain.shared_info().is_pending(ports[vcpu]);
    domain.shared_info().clear_pending(ports[vcpu]);
    return came;
  }
  std::int64_t set_period(std::uint64_t ns, std::uint64_t vcpu = 0) {
    return vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, vcpu, pv_vcpu_set_periodic_timer{ns});
  }
  std::int64_t set_singleshot(std::uint64_t deadline, std::uint32_t flags, std::uint64_t vcpu = 0, VcpuId caller = VcpuId{0}) {
    return vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, vcpu, pv_vcpu_set_singleshot_timer{deadline, flags}, caller);
  }
  Port ports[2];
};

}  // namespace

TEST_CASE("a period below a millisecond or beyond all bounds is refused") {
  TimerWorld world;
  for (const std::uint64_t period : {std::uint64_t{0}, std::uint64_t{1}, kMillisecond - 1, (~std::uint64_t{0} >> 2) + 1, ~std::uint64_t{0}}) {
    CHECK(world.set_period(period) == -PV_EINVAL);
  }
  CHECK_FALSE(world.monitor.next_deadline());
  CHECK(world.set_period(~std::uint64_t{0} >> 2) == 0);
  CHECK(world.set_period(kMillisecond) == 0);
  CHECK(world.vcpu_op(PV_VCPUOP_SET_PERIODIC_TIMER, 0, FakeWorld::end_of(world.domain)) == -PV_EFAULT);
  CHECK(world.monitor.next_deadline() == kMillisecond);
}

TEST_CASE("a periodic timer ticks on its vCPU until it is stopped, and makes up for nothing") {
  TimerWorld world;
  CHECK(world.set_period(kMillisecond, 1) == 0);
  CHECK_FALSE(world.ticked_at(kMillisecond - 1, 1));
  CHECK(world.ticked_at(kMillisecond, 1));
  CHECK_FALSE(world.ticked_at(kMillisecond + 1, 0));
  CHECK(world.ticked_at(9 * kMillisecond, 1));
  CHECK(world.monitor.next_deadline() == 10 * kMillisecond);
  CHECK(world.vcpu_op(PV_VCPUOP_STOP_PERIODIC_TIMER, 1) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("a periodic timer does not wake a blocked vCPU: a missed tick comes once when it can run again") {
  TimerWorld world;
  CHECK(world.set_period(kMillisecond) == 0);
  world.call(world.domain, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK});
  CHECK_FALSE(world.monitor.next_deadline());
  CHECK_FALSE(world.ticked_at(5 * kMillisecond, 0));
  world.domain.vcpu(VcpuId{0})->wake();
  CHECK(world.ticked_at(5 * kMillisecond, 0));
  CHECK(world.monitor.next_deadline() == 6 * kMillisecond);
}

TEST_CASE("a periodic timer is still while its vCPU is down, also when it is set then") {
  TimerWorld world;
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK(world.set_period(kMillisecond, 1) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
  CHECK(world.vcpu_op(PV_VCPUOP_UP, 1) == 0);
  CHECK(world.monitor.next_deadline() == kMillisecond);
  CHECK(world.vcpu_op(PV_VCPUOP_DOWN, 1) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("a one-shot timer is set by its own vCPU only, and a flag that asks for the future is ignored") {
  TimerWorld world;
  world.clock.set(1000);
  CHECK(world.set_singleshot(2000, 0, 1) == -PV_EINVAL);
  CHECK(world.vcpu_op(PV_VCPUOP_STOP_SINGLESHOT_TIMER, 1) == -PV_EINVAL);
  CHECK(world.vcpu_op(PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, FakeWorld::end_of(world.domain)) == -PV_EFAULT);
  CHECK(world.set_singleshot(1000, PV_VCPU_SSHOTTMR_FUTURE) == 0);
  CHECK(world.monitor.next_deadline() == 1000);
  CHECK(world.set_singleshot(999, PV_VCPU_SSHOTTMR_FUTURE) == 0);
  CHECK(world.monitor.next_deadline() == 999);
  CHECK(world.vcpu_op(PV_VCPUOP_STOP_SINGLESHOT_TIMER, 0) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("each vCPU has a one-shot timer of its own, the one of set_timer_op") {
  TimerWorld world;
  CHECK(world.set_singleshot(3000, 0, 1, VcpuId{1}) == 0);
  CHECK(world.call(world.domain, PV_HC_SET_TIMER_OP, {2000}, VcpuId{0}) == 0);
  CHECK(world.monitor.next_deadline() == 2000);
  CHECK_FALSE(world.ticked_at(2000, 1));
  CHECK(world.domain.shared_info().is_pending(world.ports[0]));
  CHECK(world.call(world.domain, PV_HC_SET_TIMER_OP, {0}, VcpuId{1}) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("timers at the ends of time fire once or not at all") {
  TimerWorld world;
  CHECK(world.call(world.domain, PV_HC_SET_TIMER_OP, {1}) == 0);
  CHECK(world.ticked_at(1000, 0));
  CHECK_FALSE(world.ticked_at(1001, 0));
  CHECK(world.call(world.domain, PV_HC_SET_TIMER_OP, {~std::uint64_t{0}}) == 0);
  CHECK_FALSE(world.ticked_at(~std::uint64_t{0} >> 1, 0));
  CHECK(world.set_singleshot(0, 0) == 0);
  CHECK(world.ticked_at(~std::uint64_t{0} >> 1, 0));
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("many timers set in the past, one after the other, leave one armed") {
  TimerWorld world;
  world.clock.set(1000);
  for (int i = 0; i < 100'000; ++i) CHECK_EQ(world.call(world.domain, PV_HC_SET_TIMER_OP, {1}), 0);
  CHECK(world.ticked_at(1000, 0));
  CHECK_FALSE(world.monitor.next_deadline());
}

TEST_CASE("the end of a domain stops the timers of all its vCPUs") {
  TimerWorld world;
  CHECK(world.set_period(kMillisecond, 1) == 0);
  CHECK(world.set_singleshot(3000, 0, 1, VcpuId{1}) == 0);
  world.domain.end({DomainEnd::Kind::Killed, 0, "", ""});
  CHECK_FALSE(world.monitor.next_deadline());
}
