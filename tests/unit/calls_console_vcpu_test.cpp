// SPDX-License-Identifier: MIT
// console_io and vcpu_op as a guest makes them: bounds, and arguments that are 32 bits wide.
#include <doctest/doctest.h>

#include <string>

#include "pvabi/console_io.h"
#include "pvabi/errno.h"
#include "pvabi/hypercalls.h"
#include "pvabi/vcpu.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

/// The upper half of a register, which 32-bit arguments do not have.
constexpr std::uint64_t kNoise = 0xdead'beef'0000'0000;

}  // namespace

TEST_CASE("console_io shows what lies in the guest's memory and nothing else") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t at = world.put(domain, std::array<char, 4>{'w', 'o', 'r', 'd'});
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 4, at}) == 0);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {kNoise | PV_CONSOLEIO_WRITE, kNoise | 2, at}) == 0);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 0, 0}) == 0);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_READ, 4, at}) == 0);
  const std::uint64_t end = FakeWorld::end_of(domain);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 4, end - 3}) == -PV_EFAULT);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 0xffff'ffff, at}) == -PV_EFAULT);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {2, 4, at}) == -PV_ENOSYS);
  CHECK(world.hooks.printed == "wordwo");
}

TEST_CASE("console_io takes 64 KiB at once and not a byte more") {
  constexpr std::uint64_t kMost = 64 * 1024;
  FakeWorld world;
  Domain& domain = world.add_domain(32);
  const std::uint64_t at = FakeWorld::address(domain, GuestFrame{2});
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, kMost + 1, at}) == -PV_E2BIG);
  CHECK(world.hooks.printed.empty());
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, kMost, at}) == 0);
  CHECK(world.hooks.printed.size() == kMost);
}

TEST_CASE("vcpu_op knows the vCPUs there are, and timers only of the calling one") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  CHECK(world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_IS_UP, 0}) == 1);
  CHECK(world.call(domain, PV_HC_VCPU_OP, {kNoise | PV_VCPUOP_IS_UP, kNoise}) == 1);
  for (const std::uint64_t nobody : {1ULL, 0x8000'0000ULL, 0xffff'ffffULL}) {
    CHECK(world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_IS_UP, nobody}) == -PV_ENOENT);
    CHECK(world.call(domain, PV_HC_VCPU_OP, {99, nobody}) == -PV_ENOENT);
  }
  CHECK(world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_STOP_PERIODIC_TIMER, 0}) == 0);
  CHECK(world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_REGISTER_VCPU_INFO, 0}) == -PV_ENOSYS);

  world.clock.set(1000);
  const auto arm = [&](std::uint64_t deadline, std::uint32_t flags) {
    const std::uint64_t at = world.put(domain, pv_vcpu_set_singleshot_timer{deadline, flags});
    return world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_SET_SINGLESHOT_TIMER, 0, at});
  };
  CHECK(arm(999, PV_VCPU_SSHOTTMR_FUTURE) == -PV_ETIME);
  CHECK_FALSE(world.monitor.next_deadline());
  CHECK(arm(1000, PV_VCPU_SSHOTTMR_FUTURE) == 0);
  CHECK(arm(999, 0) == 0);
  CHECK(world.monitor.next_deadline() == 999);
  CHECK(world.call(domain, PV_HC_VCPU_OP, {PV_VCPUOP_STOP_SINGLESHOT_TIMER, 0}) == 0);
  CHECK_FALSE(world.monitor.next_deadline());
}
