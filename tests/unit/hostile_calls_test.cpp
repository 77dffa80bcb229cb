// SPDX-License-Identifier: MIT
// Calls with numbers, counts and times at the edges of their types: each answers at once, with an error or with what it says, and
// changes nothing where it refuses.
#include <doctest/doctest.h>

#include <pvabi/console_io.h>
#include <pvabi/domid.h>
#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/extensions.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#include <array>
#include <random>

#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::array<std::uint64_t, 12> kCounts{0,           1,           128,         129,          512,         513,
                                                0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000, 1ULL << 63, ~std::uint64_t{0}};

/// Ports that exist, uses and mappings: what a refused call must leave as it was.
struct Holdings {
  explicit Holdings(Domain& domain) : uses(domain.grants().uses()), mappings(domain.mappings().size()), frames(domain.grants().frames()) {
    for (std::uint32_t port = 0; port < EventChannels::kPorts; ++port) ports += domain.events().is_allocated(Port{port});
  }
  bool operator==(const Holdings&) const = default;
  std::uint32_t ports = 0;
  std::uint32_t uses;
  std::size_t mappings;
  std::uint32_t frames;
};

}  // namespace

TEST_CASE("every number answers, whatever its arguments, and those that nobody serves answer just that") {
  std::mt19937_64 random(5);
  std::vector<std::uint64_t> numbers{0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000, 1ULL << 63, ~std::uint64_t{0}};
  for (std::uint64_t number = 0; number < 256; ++number) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    CAPTURE(number);
    for (int round = 0; round < 4; ++round) {
      FakeWorld world;
      Domain& domain = world.add_domain();
      std::array<std::uint64_t, 5> args{};
      if (round > 0) {
        for (auto& arg : args) arg = round == 1 ? ~std::uint64_t{0} : random();
      }
      const std::int64_t result = world.call(domain, number, args);
      if (served_by(number) != ServedBy::Monitor) CHECK((result == -PV_ENOSYS || result == -PV_EPERM));  // who gets which: hypercall_table_test
      if (served_by(number) == ServedBy::Monitor) CHECK(result >= -4095);
    }
  }
}

TEST_CASE("no count makes a call read or write beyond guest memory, or leaves something half done") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const Holdings before(domain);
  // The array would have to end where memory ends: only what is wholly inside may succeed.
  const std::uint64_t at = FakeWorld::end_of(domain) - 64;
  for (const std::uint64_t count : kCounts) {
    CAPTURE(count);
    for (std::uint64_t command = 0; command < 14; ++command) {
      CHECK(world.call(domain, PV_HC_GRANT_TABLE_OP, {command, at, count}) <= 0);
    }
    CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, count, at}) <= 0);
    CHECK(Holdings(domain) == before);
  }
  CHECK(world.hooks.printed.size() == 1);  // a single byte is there; counts whose low 32 bits are 0 print none
}

TEST_CASE("console_io of a gigabyte, or across the end of memory, prints nothing") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t start = domain.memory().virt_base().value();
  for (const std::uint64_t bytes : {std::uint64_t{1} << 30, std::uint64_t{0xffff'ffff}}) {
    CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, bytes, start}) == -PV_EFAULT);
  }
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 65, FakeWorld::end_of(domain) - 64}) == -PV_EFAULT);
  CHECK(world.call(domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 0, 0}) == 0);
  CHECK(world.hooks.printed.empty());
}

TEST_CASE("chainload of more than there is, by any of its sizes, is refused and changes nothing") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t list = FakeWorld::address(domain, GuestFrame{2});
  const Ram* const ram = domain.image().space->ram().get();
  for (const std::uint64_t bytes : {FakeWorld::kRamPages * kPageSize + 1, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    for (const bool is_kernel : {true, false}) {
      pv_chainload request{};
      (is_kernel ? request.kernel_frames : request.initrd_frames) = list;
      (is_kernel ? request.kernel_bytes : request.initrd_bytes) = bytes;
      CHECK(world.call(domain, PV_HC_CHAINLOAD, {world.put(domain, request)}) == -PV_EFAULT);
    }
  }
  CHECK(domain.image().space->ram().get() == ram);
}

TEST_CASE("poll with any timeout is over or has its deadline, and an event ends it") {
  for (const std::uint64_t timeout : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{999}, std::uint64_t{1001}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    CAPTURE(timeout);
    FakeWorld world;
    world.clock.set(1'000);
    Domain& domain = world.add_domain();
    Vcpu& vcpu = *domain.vcpu(VcpuId{0});
    const auto port = static_cast<std::uint32_t>(domain.events().bind_ipi(VcpuId{0}));
    const std::uint64_t list = world.put(domain, port);
    world.call(domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, world.put(domain, pv_sched_poll{list, 1, 0, timeout}, 256)});
    const bool has_passed = timeout != 0 && timeout <= 1'000;
    REQUIRE((vcpu.state == VcpuState::Blocked) == !has_passed);
    if (has_passed) continue;
    CHECK(world.monitor.next_deadline().has_value() == (timeout != 0));
    CHECK(domain.events().send(Port{port}) == 0);
    CHECK(vcpu.state == VcpuState::Runnable);
    CHECK_FALSE(world.monitor.next_deadline().has_value());
  }
}

TEST_CASE("an unknown domain in any place of any call is refused as such, and domain 0 and others are not the caller") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const Domain& other = world.add_domain();
  Domain& dead = world.add_domain();
  const std::uint16_t dead_id = dead.id().value();
  world.monitor.destroy_domain(dead.id());
  const Holdings before(domain);
  const auto evtchn = [&](std::uint64_t command, const auto& op) { return world.call(domain, PV_HC_EVENT_CHANNEL_OP, {command, world.put(domain, op)}); };
  const std::array<std::pair<std::uint16_t, int>, 8> names{{{0, PV_EPERM}, {other.id().value(), PV_EPERM}, {dead_id, PV_ESRCH}, {PV_DOMID_IO, PV_ESRCH},
                                                            {PV_DOMID_XEN, PV_ESRCH}, {PV_DOMID_COW, PV_ESRCH}, {0x7fff, PV_ESRCH}, {0xffff, PV_ESRCH}}};
  for (const auto& name : names) {
    const auto [domid, error] = name;
    CAPTURE(name.first);  // not `domid`: clang 14 lets no lambda capture a structured binding
    CHECK(evtchn(PV_EVTCHNOP_ALLOC_UNBOUND, pv_evtchn_alloc_unbound{domid, 0, 0}) == -error);
    CHECK(evtchn(PV_EVTCHNOP_STATUS, pv_evtchn_status{domid, 1, 0, 0, {}}) == -error);
    CHECK(evtchn(PV_EVTCHNOP_RESET, pv_evtchn_reset{domid}) == -error);
    CHECK(evtchn(PV_EVTCHNOP_BIND_INTERDOMAIN, pv_evtchn_bind_interdomain{domid, 1, 0}) < 0);
    CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_CURRENT_RESERVATION, world.put(domain, pv_memory_domain{domid})}) == -error);
    CHECK(Holdings(domain) == before);
  }
}
