// SPDX-License-Identifier: MIT
// GrantTable: who may use what, the "in use" flags, and entries that change under our eyes.
#include "core/grant_table.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "pvabi/grant_table.h"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kRamPages = 8;
constexpr DomainId kOwner{1};
constexpr DomainId kFriend{2};
constexpr DomainId kStranger{3};
constexpr GrantRef kRef{9};
constexpr auto kRead = FrameAccess::ReadOnly;
constexpr auto kWrite = FrameAccess::ReadWrite;

struct Fixture {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(kRamPages + GrantTable::kMaxFrames);
  GuestMemory memory{ram, GuestVirt{0x1000}, kRamPages};
  GrantMappings mappings;
  GrantTable table{kOwner, memory, GuestFrame{kRamPages}};

  /// What the owner does to publish a grant.
  void grant(GrantRef ref, std::uint32_t frame, std::uint32_t flags = PV_GTF_PERMIT_ACCESS, DomainId to = kFriend) const {
    page(ref).write(offset(ref), pv_grant_entry_v1{static_cast<std::uint16_t>(flags), to.value(), frame});
  }
  [[nodiscard]] std::uint32_t flags(GrantRef ref) const { return page(ref).read<pv_grant_entry_v1>(offset(ref)).flags; }
  [[nodiscard]] SharedPage page(GrantRef ref) const {
    return memory.share(GuestFrame{kRamPages + ref.value() / GrantTable::kEntriesPerFrame}).value();
  }
  [[nodiscard]] static std::size_t offset(GrantRef ref) {
    return ref.value() % GrantTable::kEntriesPerFrame * sizeof(pv_grant_entry_v1);
  }
  /// PV_GNTST_OKAY, or why there is no use; the use itself ends at once.
  std::int16_t try_use(GrantRef ref, DomainId by, FrameAccess access) {
    std::int16_t status = 1;
    const auto use = table.use(ref, by, access, status);
    CHECK(use.has_value() == (status == PV_GNTST_OKAY));
    return status;
  }
};

}  // namespace

TEST_CASE("A use of a grant sets the flags of its access and the end of it clears them") {
  Fixture f;
  f.grant(kRef, 3);
  std::int16_t status = 1;
  {
    const auto use = f.table.use(kRef, kFriend, kRead, status);
    REQUIRE(use);
    CHECK(status == PV_GNTST_OKAY);
    CHECK(use->frame() == GuestFrame{3});
    CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING));
    CHECK(f.table.uses() == 1);
    CHECK(f.table.is_in_use(GuestFrame{3}));
  }
  CHECK(f.flags(kRef) == PV_GTF_PERMIT_ACCESS);
  CHECK(f.table.uses() == 0);
  CHECK_FALSE(f.table.is_in_use(GuestFrame{3}));
  const auto writer = f.table.use(kRef, kFriend, kWrite, status);
  CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING | PV_GTF_WRITING));
}

TEST_CASE("The flags of a grant used several times are cleared by the last use of each kind") {
  Fixture f;
  f.grant(kRef, 3);
  std::int16_t status = 1;
  auto reader = f.table.use(kRef, kFriend, kRead, status);
  auto writer = f.table.use(kRef, kFriend, kWrite, status);
  auto second = f.table.use(kRef, kFriend, kWrite, status);
  REQUIRE(second);
  writer.reset();
  CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING | PV_GTF_WRITING));
  second.reset();
  CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READING));
  reader.reset();
  CHECK(f.flags(kRef) == PV_GTF_PERMIT_ACCESS);
}

TEST_CASE("A read-only use of a read-only grant never touches the writing flag, a writable one is refused") {
  Fixture f;
  f.grant(kRef, 3, PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY);
  CHECK(f.try_use(kRef, kFriend, kWrite) == PV_GNTST_GENERAL_ERROR);
  CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY));
  for (int i = 0; i < 1000; ++i) REQUIRE(f.try_use(kRef, kFriend, kRead) == PV_GNTST_OKAY);
  CHECK(f.flags(kRef) == (PV_GTF_PERMIT_ACCESS | PV_GTF_READONLY));
}

TEST_CASE("References beyond the table are bad, and become good when the table grows to them") {
  Fixture f;
  for (const std::uint32_t ref : {512U, 16383U, 16384U, 0x8000'0000U, 0xffff'ffffU}) {
    CHECK(f.try_use(GrantRef{ref}, kFriend, kRead) == PV_GNTST_BAD_GNTREF);
  }
  CHECK(f.table.frames() == 1);
  CHECK(f.table.setup(2) == PV_GNTST_OKAY);
  CHECK(f.table.setup(1) == PV_GNTST_OKAY);
  CHECK(f.table.frames() == 2);
  f.grant(GrantRef{1023}, 5);
  CHECK(f.try_use(GrantRef{1023}, kFriend, kRead) == PV_GNTST_OKAY);
  CHECK(f.table.frame(1) == GuestFrame{kRamPages + 1});
}

TEST_CASE("A table does not grow beyond its frames") {
  Fixture f;
  CHECK(f.table.setup(GrantTable::kMaxFrames + 1) == PV_GNTST_GENERAL_ERROR);
  CHECK(f.table.setup(0xffff'ffff) == PV_GNTST_GENERAL_ERROR);
  CHECK(f.table.setup(0) == PV_GNTST_OKAY);
  CHECK(f.table.frames() == 1);
  CHECK(f.table.setup(GrantTable::kMaxFrames) == PV_GNTST_OKAY);
}

TEST_CASE("A grant made for another domain, or of another type, is refused") {
  Fixture f;
  f.grant(kRef, 3);
  CHECK(f.try_use(kRef, kStranger, kRead) == PV_GNTST_GENERAL_ERROR);
  for (const std::uint32_t type : {PV_GTF_INVALID, PV_GTF_ACCEPT_TRANSFER, PV_GTF_TRANSITIVE}) {
    f.grant(kRef, 3, type);
    CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_GENERAL_ERROR);
    CHECK(f.flags(kRef) == type);
  }
}

TEST_CASE("Special frames, holes and frames that are not where they belong cannot be granted") {
  Fixture f;
  for (const std::uint64_t frame : {kRamPages, kRamPages + 31, kRamPages + 32, std::uint64_t{0xffff'ffff}}) {
    f.grant(kRef, static_cast<std::uint32_t>(frame));
    CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_BAD_PAGE);
  }
  f.grant(kRef, 4);
  for (const FrameView view : {FrameView::Nothing, FrameView::Released, FrameView::SpecialReadOnly, FrameView::SpecialWritable,
                               FrameView::ForeignReadOnly, FrameView::ForeignWritable}) {
    f.memory.views().set(GuestFrame{4}, view);
    CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_BAD_PAGE);
  }
  f.memory.views().set(GuestFrame{4}, FrameView::Own);
  CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_OKAY);
}

TEST_CASE("An entry changed during its use keeps the frame that was taken and refuses further uses") {
  Fixture f;
  f.grant(kRef, 3);
  std::int16_t status = 1;
  auto use = f.table.use(kRef, kFriend, kWrite, status);
  f.grant(kRef, 4);
  CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_GENERAL_ERROR);
  const std::array<std::byte, 1> mark{std::byte{0x5a}};
  CHECK(use->copy_out(0, mark));
  CHECK(f.ram->page(3)[0] == std::byte{0x5a});
  CHECK(f.ram->page(4)[0] == std::byte{0});
  use.reset();
  CHECK(f.try_use(kRef, kFriend, kRead) == PV_GNTST_OKAY);
}

TEST_CASE("A use reads, writes and pins inside its page only, and writes only if it may") {
  Fixture f;
  f.grant(kRef, 3);
  std::int16_t status = 1;
  std::array<std::byte, 8> bytes{};
  const auto reader = f.table.use(kRef, kFriend, kRead, status);
  CHECK(reader->copy_in(4088, bytes));
  CHECK_FALSE(reader->copy_in(4089, bytes));
  CHECK_FALSE(reader->copy_in(0xffff'ffff, bytes));
  CHECK_FALSE(reader->copy_out(0, bytes));
  CHECK_FALSE(reader->pin(4096, 1).has_value());
  {
    const auto span = reader->pin(512, 3584);
    REQUIRE(span);
    CHECK(f.memory.is_pinned(GuestFrame{3}));
  }
  CHECK_FALSE(f.memory.is_pinned(GuestFrame{3}));
  reader->page().store<std::uint32_t>(0, 7);
  CHECK(f.ram->page(3)[0] == std::byte{7});
}

TEST_CASE("A use that is moved counts once") {
  Fixture f;
  f.grant(kRef, 3);
  f.grant(GrantRef{10}, 4);
  std::int16_t status = 1;
  auto first = f.table.use(kRef, kFriend, kRead, status);
  auto second = f.table.use(GrantRef{10}, kFriend, kRead, status);
  GrantUse moved = std::move(*first);
  first.reset();
  CHECK(f.table.uses() == 2);
  moved = std::move(*second);
  second.reset();
  CHECK(f.table.uses() == 1);
  CHECK(f.flags(kRef) == PV_GTF_PERMIT_ACCESS);
  CHECK(moved.frame() == GuestFrame{4});
}

TEST_CASE("A use outlives its table and still reaches the same memory") {
  auto f = std::make_unique<Fixture>();
  f->grant(kRef, 3);
  std::int16_t status = 1;
  auto use = f->table.use(kRef, kFriend, kWrite, status);
  const auto ram = f->ram;
  f.reset();
  const std::array<std::byte, 1> mark{std::byte{0x5a}};
  CHECK(use->copy_out(9, mark));
  CHECK(ram->page(3)[9] == std::byte{0x5a});
  use.reset();
  CHECK(ram.use_count() == 1);
}

TEST_CASE("An owner that flips an entry without pause gets a whole snapshot used, or a refusal") {
  Fixture f;
  constexpr int kRounds = 50'000;
  std::atomic<bool> done{false};
  const SharedPage page = f.page(kRef);
  std::thread owner([&] {
    // Frame 3 is granted to the friend, frame 4 to the stranger: no moment grants frame 4 to the friend.
    const auto entry = [](std::uint64_t frame, DomainId to) {
      return frame << 32 | std::uint64_t{to.value()} << 16 | PV_GTF_PERMIT_ACCESS;
    };
    while (!done) {
      page.store<std::uint64_t>(Fixture::offset(kRef), entry(3, kFriend));
      page.store<std::uint64_t>(Fixture::offset(kRef), entry(4, kStranger));
    }
  });
  int wrong = 0;
  for (int i = 0; i < kRounds; ++i) {
    std::int16_t status = 1;
    const auto use = f.table.use(kRef, kFriend, kRead, status);
    if (use ? use->frame() != GuestFrame{3} : status != PV_GNTST_GENERAL_ERROR) ++wrong;
  }
  done = true;
  owner.join();
  CHECK(wrong == 0);
  CHECK(f.table.uses() == 0);
}

TEST_CASE("Mappings are found by their handle until removed, and their number is limited") {
  Fixture f;
  f.grant(kRef, 3);
  const auto add = [&](std::uint64_t at) {
    std::int16_t status = 1;
    auto use = f.table.use(kRef, kFriend, kRead, status);
    return f.mappings.add({std::move(*use), GuestFrame{at}, at << 12});
  };
  std::vector<GrantHandle> handles;
  for (std::uint32_t i = 0; i < GrantMappings::kMaxMappings; ++i) handles.push_back(add(100 + i).value());
  CHECK(f.mappings.is_full());
  CHECK_FALSE(add(99).has_value());
  CHECK(f.table.uses() == GrantMappings::kMaxMappings);
  CHECK(f.mappings.find(handles[7])->at == GuestFrame{107});
  f.mappings.remove(handles[7]);
  f.mappings.remove(handles[7]);
  CHECK(f.mappings.find(handles[7]) == nullptr);
  CHECK(add(99).has_value());
  f.mappings.clear();
  CHECK(f.table.uses() == 0);
}
