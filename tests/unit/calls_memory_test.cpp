// SPDX-License-Identifier: MIT
// memory_op and update_va_mapping at level 0.
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

TEST_CASE("Memory is neither given nor taken at level 0, whatever extents a guest names") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  for (const std::uint32_t order : {0U, 9U, 64U, 255U}) {
    const std::uint64_t at = world.put(domain, pv_memory_reservation{0, std::uint64_t{1} << 40, order, 0xffff'ffff, PV_DOMID_SELF});
    for (const std::uint64_t cmd : std::initializer_list<std::uint64_t>{PV_XENMEM_INCREASE_RESERVATION, PV_XENMEM_DECREASE_RESERVATION, PV_XENMEM_POPULATE_PHYSMAP,
                                    PV_XENMEM_ADD_TO_PHYSMAP, PV_XENMEM_EXCHANGE, PV_XENMEM_MACHPHYS_MAPPING, 63, 0x4000'0000}) {
      CHECK(world.call(domain, PV_HC_MEMORY_OP, {cmd, at}) == -PV_ENOSYS);
    }
  }
}

TEST_CASE("update_va_mapping confirms special frames where they are and not-present anywhere in the window") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const auto update = [&](std::uint64_t address, std::uint64_t value) {
    return world.call(domain, PV_HC_UPDATE_VA_MAPPING, {address, value, PV_UVMF_INVLPG});
  };
  const auto pte = [](GuestFrame frame) { return frame.value() << kPageShift | PV_PTE_PRESENT | PV_PTE_WRITABLE; };
  const GuestFrame shared_info = domain.image().shared_info;
  const GuestFrame last{domain.memory().total_pages() - 1};
  CHECK(update(FakeWorld::address(domain, shared_info), pte(shared_info)) == 0);
  CHECK(update(FakeWorld::address(domain, last), pte(last) | PV_PTE_NO_EXECUTE | PV_PTE_DIRTY) == 0);
  CHECK(update(FakeWorld::address(domain, GuestFrame{3}), 0) == 0);
  CHECK(update(FakeEngine::kVirtBase * 2, 0) == 0);

  CHECK(update(FakeWorld::address(domain, last), pte(shared_info)) == -PV_EINVAL);
  CHECK(update(FakeEngine::kVirtBase * 2, pte(shared_info)) == -PV_EINVAL);
  CHECK(update(FakeWorld::address(domain, GuestFrame{3}), pte(GuestFrame{3})) == -PV_EINVAL);
  CHECK(update(FakeWorld::end_of(domain), pte(GuestFrame{last.value() + 1})) == -PV_EINVAL);
  CHECK(update(FakeWorld::address(domain, shared_info) + 8, pte(shared_info)) == -PV_EINVAL);
  for (const std::uint64_t outside : {std::uint64_t{0}, std::uint64_t{0xffff'8000'0000'0000}, ~std::uint64_t{0xfff}}) {
    CHECK(update(outside, 0) == -PV_EINVAL);
    CHECK(update(outside, pte(shared_info)) == -PV_EINVAL);
  }
}
