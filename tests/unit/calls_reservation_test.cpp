// SPDX-License-Identifier: MIT
// decrease_reservation and populate_physmap: which frames go and come back, and that any argument at all is bounded work.
#include <doctest/doctest.h>

#include <vector>

#include "pvabi/domid.h"
#include "pvabi/errno.h"
#include "pvabi/grant_table.h"
#include "pvabi/hypercalls.h"
#include "pvabi/memory.h"
#include "pvabi/mmu.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kPages = 1200;
constexpr std::uint64_t kDecrease = PV_XENMEM_DECREASE_RESERVATION;
constexpr std::uint64_t kPopulate = PV_XENMEM_POPULATE_PHYSMAP;

struct Balloon : FakeWorld {
  Domain& domain = add_domain(kPages);
  /// Puts the list at frame 2 and the struct before it.
  std::int64_t call_with(std::uint64_t command, const std::vector<std::uint64_t>& extents, std::uint32_t order = 0,
                         std::uint32_t flags = 0) {
    const std::uint64_t list = address(domain, GuestFrame{2});
    REQUIRE(domain.memory().copy_out(GuestVirt{list}, std::as_bytes(std::span(extents))));
    return raw(command, {list, extents.size(), order, flags, PV_DOMID_SELF});
  }
  std::int64_t raw(std::uint64_t command, const pv_memory_reservation& op) {
    return call(domain, PV_HC_MEMORY_OP, {command, put(domain, op)});
  }
  std::int64_t reservation() {
    return call(domain, PV_HC_MEMORY_OP, {PV_XENMEM_CURRENT_RESERVATION, put(domain, std::uint16_t{PV_DOMID_SELF})});
  }
};

}  // namespace

TEST_CASE("A released frame is gone until it is populated, and then it is zero") {
  Balloon guest;
  const std::uint64_t there = Balloon::address(guest.domain, GuestFrame{100});
  REQUIRE(guest.domain.memory().write(GuestVirt{there}, std::uint64_t{42}));
  CHECK(guest.call_with(kDecrease, {100, 7}) == 2);
  CHECK(guest.reservation() == kPages - 2);
  CHECK(FakeWorld::space(guest.domain).released == std::set<std::uint64_t>{7, 100});
  CHECK_FALSE(guest.domain.memory().read<std::uint64_t>(GuestVirt{there}));
  CHECK(guest.call_with(kPopulate, {100}) == 1);
  CHECK(guest.reservation() == kPages - 1);
  CHECK(FakeWorld::get<std::uint64_t>(guest.domain, there) == 0);
  CHECK(guest.call(guest.domain, PV_HC_MEMORY_OP, {PV_XENMEM_MAXIMUM_RESERVATION, guest.put(guest.domain, std::uint16_t{PV_DOMID_SELF})}) == kPages);
}

TEST_CASE("A list is done up to the first extent that cannot be") {
  Balloon guest;
  CHECK(guest.call_with(kDecrease, {50, 51, 50, 52}) == 2);
  CHECK(guest.call_with(kDecrease, {kPages}) == 0);
  CHECK(guest.call_with(kDecrease, {kPages + 1}) == 0);  // shared_info and the grant table
  CHECK(guest.call_with(kDecrease, {~std::uint64_t{0}}) == 0);
  CHECK(guest.call_with(kPopulate, {50, 53}) == 1);
  CHECK(guest.call_with(kPopulate, {kPages}) == 0);
  CHECK(guest.call_with(kPopulate, {~std::uint64_t{0}}, 1) == 0);
}

TEST_CASE("A frame in whose place nothing or a special frame is shown may be given back, and comes back as itself") {
  Balloon guest;
  const std::uint64_t special = guest.domain.image().shared_info.value() << kPageShift | PV_PTE_PRESENT | PV_PTE_WRITABLE;
  const auto update = [&](std::uint64_t frame, std::uint64_t entry) {
    return guest.call(guest.domain, PV_HC_UPDATE_VA_MAPPING, {Balloon::address(guest.domain, GuestFrame{frame}), entry, 0});
  };
  REQUIRE(update(100, 0) == 0);
  REQUIRE(update(101, special) == 0);
  CHECK(guest.call_with(kDecrease, {100}, 2) == 1);  // and two that are where they belong
  CHECK(FakeWorld::space(guest.domain).views.empty());
  CHECK(FakeWorld::space(guest.domain).released.size() == 4);
  CHECK(guest.reservation() == kPages - 4);
  CHECK(guest.call_with(kPopulate, {100}, 2) == 1);
  CHECK(guest.domain.memory().views().all_own());
}

TEST_CASE("Frames that somebody needs where they are stay") {
  Balloon guest;
  const DomainImage& image = guest.domain.image();
  for (const GuestFrame frame : {image.start_info, image.xenstore, image.console}) {
    CHECK(guest.call_with(kDecrease, {frame.value()}) == 0);
  }
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, guest.domain.id().value(), 60};
  REQUIRE(guest.domain.memory().copy_out(image.grant_frames, 9 * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  {
    std::int16_t status = 0;
    const auto use = guest.domain.grants().use(GrantRef{9}, guest.domain.id(), FrameAccess::ReadOnly, status);
    REQUIRE(use);
    CHECK(guest.call_with(kDecrease, {60}) == 0);
    const auto pin = guest.domain.memory().pin(GuestFrame{61}, 0, 8);
    CHECK(guest.call_with(kDecrease, {61}) == 0);
  }
  CHECK(guest.call_with(kDecrease, {60, 61}) == 2);
  std::int16_t status = 0;
  CHECK_FALSE(guest.domain.grants().use(GrantRef{9}, guest.domain.id(), FrameAccess::ReadOnly, status));
  CHECK(status == PV_GNTST_BAD_PAGE);
}

TEST_CASE("Larger extents go and come as a whole, and none is larger than 2 MiB") {
  Balloon guest;
  CHECK(guest.call_with(kDecrease, {256}, 9) == 1);
  CHECK(guest.reservation() == kPages - 512);
  CHECK(guest.call_with(kPopulate, {255}, 9) == 0);
  CHECK(guest.call_with(kDecrease, {255}, 1) == 0);
  CHECK(guest.call_with(kPopulate, {300, 256}, 2) == 2);
  CHECK(guest.reservation() == kPages - 504);
  for (std::uint32_t order = 10; order < 256; ++order) CHECK(guest.call_with(kDecrease, {800}, order) == 0);
}

TEST_CASE("Flags that wish for other memory are heard") {
  Balloon guest;
  REQUIRE(guest.call_with(kDecrease, {100, 101, 102, 103, 104}) == 5);
  for (const std::uint32_t bits : {1U, 11U, 12U}) CHECK(guest.call_with(kPopulate, {100}, 0, bits) == 0);
  CHECK(guest.call_with(kPopulate, {100}, 0, 18) == 0);  // 100 x 4096 needs 19
  CHECK(guest.call_with(kPopulate, {100}, 0, 19) == 1);
  CHECK(guest.call_with(kPopulate, {101}, 0, 0xff) == 1);
  CHECK(guest.call_with(kPopulate, {102}, 0, 0x100 | PV_XENMEMF_EXACT_NODE_REQUEST) == 0);
  CHECK(guest.call_with(kPopulate, {102}, 0, PV_XENMEMF_POPULATE_ON_DEMAND) == 0);
  CHECK(guest.call_with(kPopulate, {102}, 0, 0x100) == 1);
  CHECK(guest.call_with(kPopulate, {103}, 0, PV_XENMEMF_VNODE) == 1);
}

TEST_CASE("A bad argument does nothing and is no error") {
  Balloon guest;
  const std::uint64_t list = guest.put(guest.domain, std::uint64_t{100}, 64);
  for (const std::uint64_t command : {kDecrease, kPopulate}) {
    CHECK(guest.call(guest.domain, PV_HC_MEMORY_OP, {command, 0}) == 0);
    CHECK(guest.raw(command, {list, 0, 0, 0, PV_DOMID_SELF}) == 0);
    CHECK(guest.raw(command, {list, std::uint64_t{1} << 40, 0, 0, PV_DOMID_SELF}) == 0);
    CHECK(guest.raw(command, {list, 1, 0, 0, 0}) == 0);
    CHECK(guest.raw(command, {list, 1, 0, 0, 99}) == 0);
    CHECK(guest.raw(command, {0, 1, 0, 0, PV_DOMID_SELF}) == 0);
  }
  CHECK(guest.reservation() == kPages);
}

TEST_CASE("A long list is served in pieces, and a guest may pretend that some are done") {
  Balloon guest;
  std::vector<std::uint64_t> many;
  for (std::uint64_t frame = 200; frame < 500; ++frame) many.push_back(frame);
  CHECK(guest.call_with(kDecrease, many) == 300);
  CHECK(guest.pieces == 5);
  CHECK(guest.reservation() == kPages - 300);
  CHECK(guest.call_with(kPopulate | 290 << 6, many) == 300);
  CHECK(guest.reservation() == kPages - 290);
  CHECK(guest.call_with(kPopulate | 300 << 6, many) == 300);
  CHECK(guest.call_with(kPopulate | ~std::uint64_t{63}, many) == std::int64_t{(1ULL << 58) - 1});
  CHECK(guest.reservation() == kPages - 290);
}

TEST_CASE("A host without room leaves everything as it was") {
  Balloon guest;
  FakeWorld::space(guest.domain).refuse_views = true;
  CHECK(guest.call_with(kDecrease, {100}) == 0);
  CHECK(guest.reservation() == kPages);
}
