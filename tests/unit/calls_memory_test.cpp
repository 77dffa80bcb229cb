// SPDX-License-Identifier: MIT
// memory_op at level 0: what a domain learns of its memory. Giving some back: calls_reservation_test.cpp.
#include <doctest/doctest.h>

#include "pvabi/errno.h"
#include "pvabi/hypercalls.h"
#include "pvabi/memory.h"
#include "pvabi/mmu.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

TEST_CASE("The memory map is one range of RAM without the special frames") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t buffer = FakeWorld::address(domain, GuestFrame{2});
  const std::uint64_t at = world.put(domain, pv_memory_map{128, buffer});
  CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MEMORY_MAP, at}) == 0);
  CHECK(FakeWorld::get<pv_memory_map>(domain, at).nr_entries == 1);
  const auto entry = FakeWorld::get<pv_e820_entry>(domain, buffer);
  CHECK(entry.addr[0] == 0);
  CHECK(entry.addr[1] == 0);
  CHECK(entry.size[0] == FakeWorld::kRamPages * kPageSize);
  CHECK(entry.size[1] == 0);
  CHECK(entry.type == PV_E820_RAM);
  CHECK(FakeWorld::get<std::uint32_t>(domain, buffer + sizeof entry) == 0);
}

TEST_CASE("A memory map without room gets no entries, and its buffer is not looked at") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  for (const std::uint64_t buffer : {FakeWorld::address(domain, GuestFrame{2}), FakeWorld::end_of(domain)}) {
    const std::uint64_t at = world.put(domain, pv_memory_map{0, buffer});
    CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MEMORY_MAP, at}) == 0);
    CHECK(FakeWorld::get<pv_memory_map>(domain, at).nr_entries == 0);
  }
  CHECK(FakeWorld::get<pv_e820_entry>(domain, FakeWorld::address(domain, GuestFrame{2})).type == 0);
}

TEST_CASE("A memory map into a hole is refused and nothing is written") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t end = FakeWorld::end_of(domain);
  for (const std::uint64_t bad : {std::uint64_t{0}, end - 8, end, ~std::uint64_t{0}}) {
    const std::uint64_t at = world.put(domain, pv_memory_map{128, bad});
    CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MEMORY_MAP, at}) == -PV_EFAULT);
    CHECK(FakeWorld::get<pv_memory_map>(domain, at).nr_entries == 128);
    CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MEMORY_MAP, bad}) == -PV_EFAULT);
  }
}

TEST_CASE("A domain learns its own reservation and nobody else's") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  Domain& other = world.add_domain(32);
  const auto ask = [&](std::uint32_t domid, std::uint64_t cmd) {
    const std::uint64_t at = world.put(domain, static_cast<pv_domid_t>(domid));
    return world.call(domain, PV_HC_MEMORY_OP, {cmd, at});
  };
  for (const std::uint64_t cmd : std::initializer_list<std::uint64_t>{PV_XENMEM_CURRENT_RESERVATION, PV_XENMEM_MAXIMUM_RESERVATION}) {
    CHECK(ask(PV_DOMID_SELF, cmd) == static_cast<std::int64_t>(FakeWorld::kRamPages));
    CHECK(ask(domain.id().value(), cmd) == static_cast<std::int64_t>(FakeWorld::kRamPages));
    CHECK(ask(other.id().value(), cmd) == -PV_EPERM);
    CHECK(ask(0, cmd) == -PV_EPERM);
    CHECK(ask(0x7fff, cmd) == -PV_ESRCH);
    CHECK(world.call(domain, PV_HC_MEMORY_OP, {cmd, FakeWorld::end_of(domain) - 1}) == -PV_EFAULT);
  }
  CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MAXIMUM_RAM_PAGE, 0}) ==
        static_cast<std::int64_t>(FakeWorld::kRamPages + kSpecialFrames));
}

TEST_CASE("The machine-to-physical table is empty at level 0") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t at = world.put(domain, pv_machphys_mapping{1, 2, 3});
  CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MACHPHYS_MAPPING, at}) == 0);
  const auto mapping = FakeWorld::get<pv_machphys_mapping>(domain, at);
  CHECK(mapping.v_start == PV_MACH2PHYS_VIRT_START);
  CHECK(mapping.v_end == mapping.v_start);
  CHECK(mapping.max_mfn == domain.memory().total_pages() - 1);
  CHECK(world.call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_MACHPHYS_MAPPING, FakeWorld::end_of(domain) - 23}) == -PV_EFAULT);
}

TEST_CASE("Commands of memory_op are not known with an extent beside them, or not at all") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t at = world.put(domain, pv_memory_reservation{0, 1, 0, 0, PV_DOMID_SELF});
  const auto call = [&](std::uint64_t command) { return world.call(domain, PV_HC_MEMORY_OP, {command, at}); };
  for (const std::uint64_t command : {2ULL, 3ULL, 4ULL}) {
    CHECK(call(command | 1 << 6) == -PV_EINVAL);
    CHECK(call(command | 1ULL << 63) == -PV_EINVAL);
  }
  CHECK(call(PV_XENMEM_MEMORY_MAP | 1 << 6) == -PV_ENOSYS);
  CHECK(call(PV_XENMEM_MACHPHYS_MAPPING | 1 << 6) == -PV_ENOSYS);
  for (const std::uint64_t command : {0ULL, 5ULL, 7ULL, 8ULL, 10ULL, 11ULL, 13ULL, 14ULL, 15ULL, 63ULL, 0x4000'0000ULL}) CHECK(call(command) == -PV_ENOSYS);
}
