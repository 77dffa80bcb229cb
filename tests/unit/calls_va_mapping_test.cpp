// SPDX-License-Identifier: MIT
// update_va_mapping at level 0: special frames and nothing, anywhere in the window.
#include <doctest/doctest.h>

#include "pvabi/errno.h"
#include "pvabi/grant_table.h"
#include "pvabi/hypercalls.h"
#include "pvabi/memory.h"
#include "pvabi/mmu.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

struct Mapper : FakeWorld {
  Domain& domain = add_domain();
  FakeAddressSpace& memory = space(domain);
  GuestFrame shared_info = domain.image().shared_info;
  GuestFrame last{domain.memory().total_pages() - 1};
  std::uint64_t page = address(domain, GuestFrame{5});

  std::int64_t update(std::uint64_t at, std::uint64_t entry) {
    return call(domain, PV_HC_UPDATE_VA_MAPPING, {at, entry, PV_UVMF_INVLPG});
  }
  static std::uint64_t pte(GuestFrame frame, std::uint64_t flags = PV_PTE_PRESENT | PV_PTE_WRITABLE) {
    return frame.value() << kPageShift | flags;
  }
};

}  // namespace

TEST_CASE("Every frame may be confirmed where it is") {
  Mapper guest;
  for (const GuestFrame frame : {GuestFrame{5}, guest.shared_info, guest.last}) {
    CHECK(guest.update(Mapper::address(guest.domain, frame), Mapper::pte(frame)) == 0);
  }
  CHECK(guest.update(Mapper::address(guest.domain, guest.last), Mapper::pte(guest.last) | PV_PTE_NO_EXECUTE | PV_PTE_DIRTY) == 0);
  CHECK(guest.memory.views.empty());
}

TEST_CASE("A special frame is shown in place of a RAM page, which is then no frame to grant") {
  Mapper guest;
  CHECK(guest.update(guest.page, Mapper::pte(guest.shared_info)) == 0);
  CHECK(guest.memory.views.at(5) == guest.shared_info.value());
  CHECK_FALSE(guest.domain.memory().shows_own(GuestFrame{5}));
  CHECK(guest.domain.memory().is_writable(GuestVirt{guest.page}, 8));
  CHECK(guest.update(guest.page, Mapper::pte(guest.last, PV_PTE_PRESENT)) == 0);
  CHECK(guest.memory.views.at(5) == guest.last.value());
  CHECK_FALSE(guest.domain.memory().is_writable(GuestVirt{guest.page}, 8));
  CHECK(guest.update(guest.page, Mapper::pte(GuestFrame{5})) == 0);
  CHECK(guest.memory.views.empty());
  CHECK(guest.domain.memory().shows_own(GuestFrame{5}));
}

TEST_CASE("A page may be taken away and comes back by its own frame") {
  Mapper guest;
  CHECK(guest.update(guest.page, 0) == 0);
  CHECK(guest.update(guest.page, Mapper::pte(guest.shared_info, 0)) == 0);  // not present: the frame means nothing
  CHECK_FALSE(guest.domain.memory().contains(GuestVirt{guest.page}, 1));
  CHECK(guest.update(guest.page, Mapper::pte(guest.shared_info)) == 0);
  CHECK(guest.update(guest.page, 0) == 0);
  CHECK(guest.update(guest.page, Mapper::pte(GuestFrame{5}, PV_PTE_PRESENT)) == -PV_EINVAL);  // RAM is not shown read-only
  CHECK(guest.update(guest.page, Mapper::pte(GuestFrame{5})) == 0);
  CHECK(guest.domain.memory().views().all_own());
}

TEST_CASE("Any byte of a page names it") {
  Mapper guest;
  CHECK(guest.update(guest.page + 8, Mapper::pte(guest.shared_info)) == 0);
  CHECK(guest.memory.views.at(5) == guest.shared_info.value());
  CHECK(guest.update(guest.page + kPageSize - 1, 0) == 0);
  CHECK(guest.domain.memory().views().of(GuestFrame{5}) == FrameView::Nothing);
}

TEST_CASE("Outside of the guest's memory nothing can be entered, not even nothing") {
  Mapper guest;
  CHECK(guest.update(FakeEngine::kVirtBase * 2, 0) == -PV_EINVAL);
  CHECK(guest.update(FakeEngine::kVirtBase * 2, Mapper::pte(guest.shared_info)) == -PV_EINVAL);
  CHECK(guest.update(FakeWorld::end_of(guest.domain), Mapper::pte(guest.shared_info)) == -PV_EINVAL);
}

TEST_CASE("A grant may be mapped where update_va_mapping made room, and the page's own content is back afterwards") {
  Mapper guest;
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, guest.domain.id().value(), 8};
  REQUIRE(guest.domain.memory().copy_out(guest.domain.image().grant_frames, 9 * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  REQUIRE(guest.update(guest.page, 0) == 0);
  const std::uint64_t at = guest.put(guest.domain, pv_gnttab_map_grant_ref{guest.page, PV_GNTMAP_HOST_MAP, 9, guest.domain.id().value(), 99, 0, 0});
  CHECK(guest.call(guest.domain, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == 0);
  CHECK(FakeWorld::get<pv_gnttab_map_grant_ref>(guest.domain, at).status == PV_GNTST_OKAY);
  CHECK(guest.memory.views.empty());
  CHECK(guest.domain.memory().views().of(GuestFrame{5}) == FrameView::ForeignWritable);
  guest.domain.unmap_grant(GrantHandle{FakeWorld::get<pv_gnttab_map_grant_ref>(guest.domain, at).handle});
  CHECK(guest.domain.memory().shows_own(GuestFrame{5}));
}

TEST_CASE("What is neither a special frame nor the page's own is not shown, and nothing replaces a special frame") {
  Mapper guest;
  CHECK(guest.update(guest.page, Mapper::pte(GuestFrame{6})) == -PV_EINVAL);
  CHECK(guest.update(FakeEngine::kVirtBase * 2, Mapper::pte(GuestFrame{6})) == -PV_EINVAL);
  CHECK(guest.update(guest.page, Mapper::pte(GuestFrame{guest.last.value() + 1})) == -PV_EINVAL);
  CHECK(guest.update(Mapper::address(guest.domain, guest.last), Mapper::pte(guest.shared_info)) == -PV_EINVAL);
  CHECK(guest.update(Mapper::address(guest.domain, guest.shared_info), 0) == -PV_EINVAL);
  for (const std::uint64_t outside : {std::uint64_t{0}, std::uint64_t{0xffff'8000'0000'0000}, ~std::uint64_t{0xfff}}) {
    CHECK(guest.update(outside, 0) == -PV_EINVAL);
    CHECK(guest.update(outside, Mapper::pte(guest.shared_info)) == -PV_EINVAL);
  }
  CHECK(guest.memory.views.empty());
}

TEST_CASE("Pages that somebody needs where they are stay") {
  Mapper guest;
  const DomainImage& image = guest.domain.image();
  for (const GuestFrame frame : {image.start_info, image.xenstore, image.console}) {
    CHECK(guest.update(Mapper::address(guest.domain, frame), 0) == -PV_EINVAL);
    CHECK(guest.update(Mapper::address(guest.domain, frame), Mapper::pte(guest.shared_info)) == -PV_EINVAL);
  }
  const auto pin = guest.domain.memory().pin(GuestFrame{5}, 0, 8);
  CHECK(guest.update(guest.page, 0) == -PV_EINVAL);
  guest.domain.memory().views().set(GuestFrame{6}, FrameView::ForeignWritable);
  CHECK(guest.update(Mapper::address(guest.domain, GuestFrame{6}), 0) == -PV_EINVAL);
  CHECK(guest.update(Mapper::address(guest.domain, GuestFrame{6}), Mapper::pte(GuestFrame{6})) == -PV_EINVAL);
  guest.domain.memory().views().set(GuestFrame{7}, FrameView::Released);
  CHECK(guest.update(Mapper::address(guest.domain, GuestFrame{7}), 0) == 0);
  CHECK(guest.update(Mapper::address(guest.domain, GuestFrame{7}), Mapper::pte(GuestFrame{7})) == -PV_EINVAL);
  CHECK(guest.update(Mapper::address(guest.domain, GuestFrame{7}), Mapper::pte(guest.shared_info)) == -PV_EINVAL);
}

TEST_CASE("A host without room says so and leaves the page") {
  Mapper guest;
  guest.memory.refuse_views = true;
  CHECK(guest.update(guest.page, 0) == -PV_ENOMEM);
  CHECK(guest.update(guest.page, Mapper::pte(guest.shared_info)) == -PV_ENOMEM);
  CHECK(guest.domain.memory().views().all_own());
}
