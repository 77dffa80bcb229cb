// SPDX-License-Identifier: MIT
// FrameViews: what may be accessed, and the count of runs that bounds what a host must remember.
#include "core/frame_views.hpp"

#include <doctest/doctest.h>

#include "core/guest_memory.hpp"
#include "support/fake_ram.hpp"

using namespace pvisor;

TEST_CASE("What shows nothing cannot be accessed, what is read-only not be written") {
  FrameViews views(8);
  CHECK(views.all_own());
  views.set(GuestFrame{3}, FrameView::ForeignReadOnly);
  CHECK_FALSE(views.all_own());
  CHECK(views.allow(0, 8, FrameAccess::ReadOnly));
  CHECK(views.allow(0, 3, FrameAccess::ReadWrite));
  CHECK_FALSE(views.allow(0, 4, FrameAccess::ReadWrite));
  CHECK(views.allow(4, 100, FrameAccess::ReadWrite));  // behind RAM there is nothing to forbid
  views.set(GuestFrame{3}, FrameView::SpecialWritable);
  CHECK(views.allow(3, 1, FrameAccess::ReadWrite));
  for (const FrameView gone : {FrameView::Nothing, FrameView::Released}) {
    views.set(GuestFrame{3}, gone);
    CHECK_FALSE(views.allow(3, 1, FrameAccess::ReadOnly));
    CHECK(views.released() == (gone == FrameView::Released ? 1 : 0));
  }
  views.set(GuestFrame{3}, FrameView::Own);
  CHECK(views.all_own());
  CHECK(views.released() == 0);
}

TEST_CASE("Every second frame makes as many runs as there may be, and then only what makes none more") {
  FrameViews views(4 * FrameViews::kMaxRuns);
  for (std::uint64_t i = 0; i < FrameViews::kMaxRuns; ++i) {
    CHECK(views.has_room(2 * i + 1, 1, FrameView::Nothing));
    views.set(GuestFrame{2 * i + 1}, FrameView::Nothing);
  }
  const std::uint64_t behind = 2 * FrameViews::kMaxRuns;
  CHECK_FALSE(views.has_room(behind + 1, 1, FrameView::Nothing));
  CHECK_FALSE(views.has_room(behind + 1, 50, FrameView::Nothing));
  CHECK(views.has_room(behind, 1, FrameView::Nothing));  // beside one that is
  CHECK(views.has_room(2, 1, FrameView::Nothing));       // between two
  CHECK(views.has_room(3, 1, FrameView::Own));
  views.set(GuestFrame{2}, FrameView::Nothing);
  CHECK(views.has_room(behind + 1, 1, FrameView::Nothing));
}

TEST_CASE("Guest memory refuses what its views do not allow, by address and by frame") {
  const auto ram = std::make_shared<FakeRam>(6);
  const GuestMemory memory(ram, GuestVirt{0x10000}, 4);
  const GuestVirt across{0x10000 + 2 * kPageSize - 4};
  memory.views().set(GuestFrame{2}, FrameView::SpecialReadOnly);
  CHECK(memory.read<std::uint64_t>(across));
  CHECK_FALSE(memory.read_for_answer<std::uint64_t>(across));
  CHECK_FALSE(memory.write(across, std::uint64_t{7}));
  CHECK_FALSE(memory.share(GuestFrame{2}));
  memory.views().set(GuestFrame{2}, FrameView::Released);
  CHECK_FALSE(memory.read<std::uint64_t>(across));
  CHECK_FALSE(memory.contains(across, 5));
  CHECK(memory.contains(across, 4));
  CHECK(memory.frame_at(GuestVirt{across.value() + 4}) == GuestFrame{2});
  std::array<std::byte, 8> bytes{};
  CHECK_FALSE(memory.copy_in(GuestFrame{2}, 0, bytes));
  CHECK_FALSE(memory.copy_out(GuestFrame{2}, 0, bytes));
  CHECK_FALSE(memory.pin(GuestFrame{2}, 0, 8));
  CHECK(memory.copy_out(GuestFrame{5}, 0, bytes));  // a special frame
}
