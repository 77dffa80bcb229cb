// SPDX-License-Identifier: MIT
// console_io as a guest makes it: bounds, and arguments that are 32 bits wide.
#include <doctest/doctest.h>

#include <string>

#include "pvabi/console_io.h"
#include "pvabi/errno.h"
#include "pvabi/hypercalls.h"
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
