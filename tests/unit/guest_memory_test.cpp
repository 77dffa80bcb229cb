// SPDX-License-Identifier: MIT
// GuestMemory: every way an address or a range can be wrong, and pins.
#include "core/guest_memory.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kBase = 0x40'0000;
constexpr std::uint64_t kRamPages = 4;
constexpr std::uint64_t kAllPages = 6;
constexpr std::uint64_t kEnd = kBase + kAllPages * kPageSize;

struct Fixture {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(kAllPages);
  GuestMemory memory{ram, GuestVirt{kBase}, kRamPages};
};

}  // namespace

TEST_CASE("Guest memory knows RAM, special frames and frames that do not exist") {
  Fixture f;
  CHECK(f.memory.total_pages() == kAllPages);
  CHECK(f.memory.is_ram(GuestFrame{kRamPages - 1}));
  CHECK_FALSE(f.memory.is_ram(GuestFrame{kRamPages}));
  CHECK(f.memory.exists(GuestFrame{kAllPages - 1}));
  CHECK_FALSE(f.memory.exists(GuestFrame{kAllPages}));
  CHECK_FALSE(f.memory.exists(GuestFrame{~std::uint64_t{0}}));
}

TEST_CASE("What is copied into guest memory is read back, also across pages and up to the last byte") {
  Fixture f;
  const std::uint64_t text = 0x1122'3344'5566'7788;
  CHECK(f.memory.write(GuestVirt{kBase + kPageSize - 3}, text));
  CHECK(f.memory.read<std::uint64_t>(GuestVirt{kBase + kPageSize - 3}) == text);
  CHECK(f.memory.write(GuestVirt{kEnd - 8}, text));
  CHECK(f.memory.read<std::uint64_t>(GuestVirt{kEnd - 8}) == text);
  CHECK(f.ram->page(0)[kPageSize - 3] == std::byte{0x88});
}

TEST_CASE("A range with any byte outside guest memory is refused and nothing is copied") {
  Fixture f;
  const std::uint64_t poison = 0xaaaa'aaaa'aaaa'aaaa;
  const std::array<std::uint64_t, 7> bad = {0, 1, kBase - 1, kEnd - 7, kEnd, 0x8000'0000'0000'0000, ~std::uint64_t{0}};
  for (const std::uint64_t address : bad) {
    CAPTURE(address);
    std::uint64_t value = poison;
    CHECK_FALSE(f.memory.copy_in(GuestVirt{address}, std::as_writable_bytes(std::span(&value, 1))));
    CHECK(value == poison);
    CHECK_FALSE(f.memory.write(GuestVirt{address}, poison));
  }
  for (const std::byte byte : f.ram->bytes()) REQUIRE(byte == std::byte{0});
}

TEST_CASE("Lengths that would overflow an address are outside, and an empty range is inside wherever it points") {
  Fixture f;
  CHECK(f.memory.contains(GuestVirt{kBase}, kAllPages * kPageSize));
  CHECK_FALSE(f.memory.contains(GuestVirt{kBase}, kAllPages * kPageSize + 1));
  CHECK_FALSE(f.memory.contains(GuestVirt{kBase + 1}, ~std::uint64_t{0}));
  CHECK_FALSE(f.memory.contains(GuestVirt{~std::uint64_t{0}}, ~std::uint64_t{0}));
  CHECK(f.memory.contains(GuestVirt{0}, 0));
  CHECK(f.memory.copy_in(GuestVirt{0}, {}));
  CHECK(f.memory.copy_out(GuestVirt{~std::uint64_t{0}}, {}));
}

TEST_CASE("The frame at an address is found by its distance from the base") {
  Fixture f;
  CHECK(f.memory.frame_at(GuestVirt{kBase}) == GuestFrame{0});
  CHECK(f.memory.frame_at(GuestVirt{kEnd - 1}) == GuestFrame{kAllPages - 1});
  CHECK_FALSE(f.memory.frame_at(GuestVirt{kBase - 1}).has_value());
  CHECK_FALSE(f.memory.frame_at(GuestVirt{kEnd}).has_value());
}

TEST_CASE("Copies by frame stay inside their page") {
  Fixture f;
  std::array<std::byte, 16> bytes{};
  bytes.fill(std::byte{7});
  CHECK(f.memory.copy_out(GuestFrame{5}, kPageSize - 16, bytes));
  CHECK_FALSE(f.memory.copy_out(GuestFrame{1}, kPageSize - 15, bytes));
  CHECK_FALSE(f.memory.copy_out(GuestFrame{1}, ~std::uint64_t{0}, bytes));
  CHECK_FALSE(f.memory.copy_in(GuestFrame{kAllPages}, 0, bytes));
  CHECK_FALSE(f.memory.copy_in(GuestFrame{~std::uint64_t{0} >> 12}, 0, bytes));
  CHECK(f.ram->page(5)[kPageSize - 1] == std::byte{7});
  CHECK(f.ram->page(2)[0] == std::byte{0});
}

TEST_CASE("A frame is pinned as long as one of its spans lives") {
  Fixture f;
  auto first = f.memory.pin(GuestFrame{2}, 0, 4096);
  auto second = f.memory.pin(GuestFrame{2}, 512, 512);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(f.memory.is_pinned(GuestFrame{2}));
  CHECK(IoSpanRaw::bytes(*second).data() == f.ram->page(2).data() + 512);
  first.reset();
  CHECK(f.memory.is_pinned(GuestFrame{2}));
  IoSpan moved = std::move(*second);
  second.reset();
  CHECK(f.memory.is_pinned(GuestFrame{2}));
  { const IoSpan last = std::move(moved); }
  CHECK_FALSE(f.memory.is_pinned(GuestFrame{2}));
}

TEST_CASE("Only RAM can be pinned, and only inside one page") {
  Fixture f;
  CHECK_FALSE(f.memory.pin(GuestFrame{kRamPages}, 0, 16).has_value());
  CHECK_FALSE(f.memory.pin(GuestFrame{~std::uint64_t{0}}, 0, 16).has_value());
  CHECK_FALSE(f.memory.pin(GuestFrame{0}, 1, 4096).has_value());
  CHECK_FALSE(f.memory.pin(GuestFrame{0}, 0xffff'ffff, 0xffff'ffff).has_value());
  CHECK_FALSE(f.memory.is_pinned(GuestFrame{0}));
  CHECK_FALSE(f.memory.is_pinned(GuestFrame{kRamPages}));
}

TEST_CASE("Pinned memory and shared pages outlive the guest memory they came from") {
  auto f = std::make_unique<Fixture>();
  const std::weak_ptr<FakeRam> ram = f->ram;
  auto span = f->memory.pin(GuestFrame{1}, 0, 8);
  auto page = f->memory.share(GuestFrame{1});
  f.reset();
  CHECK_FALSE(ram.expired());
  page->store<std::uint64_t>(0, 42);
  CHECK(static_cast<int>(IoSpanRaw::bytes(*span)[0]) == 42);
  page.reset();
  span.reset();
  CHECK(ram.expired());
}

TEST_CASE("A page that does not exist cannot be shared") {
  Fixture f;
  CHECK(f.memory.share(GuestFrame{kAllPages - 1}).has_value());
  CHECK_FALSE(f.memory.share(GuestFrame{kAllPages}).has_value());
}
