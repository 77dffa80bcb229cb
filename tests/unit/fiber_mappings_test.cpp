// SPDX-License-Identifier: MIT
// A process may have so many mappings and no more (vm.max_map_count), and guests decide how many theirs need. At that limit what makes
// more of them is refused, and what ends one succeeds. A program of its own, because it uses up all that there are.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#include "base/mapping.hpp"
#include "engine/fiber/address_space.hpp"

using namespace pvisor;
using fiber::FiberAddressSpace;
using fiber::kPage;

namespace {

constexpr std::size_t kMostMappings = 200'000;  // of a host on which trying takes no second
constexpr std::uint64_t kPages = 16;
constexpr std::uint64_t kSpecial = kPages;

std::size_t allowed_mappings() {
  std::size_t count = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> count;
  return count;
}

/// Takes all mappings that the host allows, and one more: that it counts one too few is what makes ending one hard.
class AllMappings {
 public:
  explicit AllMappings(std::size_t allowed) : field_(Mapping::anonymous(2 * allowed * kPage, PROT_NONE)) {
    singles_.reserve(64);
    for (std::byte* at = field_.data() + kPage; ::mprotect(at, kPage, PROT_READ) == 0; at += 2 * kPage) {
    }
    while (singles_.size() < singles_.capacity()) {
      void* got = ::mmap(nullptr, kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      if (got == MAP_FAILED) break;
      singles_.emplace_back(got, kPage);
    }
  }

 private:
  Mapping field_;
  std::vector<Mapping> singles_;
};

struct Guest {
  FiberAddressSpace space;
  explicit Guest(int letter) : space(AddressSpaceSpec{kPages, 1, std::nullopt}) { std::memset(space.ram()->bytes().data(), letter, (kPages + 1) * kPage); }
  [[nodiscard]] char shows(std::uint64_t frame) const { return static_cast<char>(space.ram()->bytes()[frame * kPage]); }
};

}  // namespace

TEST_CASE("with as many mappings as the host allows, showing something else is refused and ending it succeeds") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("not run: the sanitizer needs mappings itself");
  return;
#endif
  const std::size_t allowed = allowed_mappings();
  if (allowed == 0 || allowed > kMostMappings) {
    MESSAGE("not run: this host allows very many mappings");
    return;
  }
  Guest owner('o');
  Guest mapper('m');
  for (const std::uint64_t frame : {3U, 7U}) REQUIRE(mapper.space.map_foreign(frame, owner.space, frame, FrameAccess::ReadWrite));
  REQUIRE(mapper.space.show_special(11, kSpecial, FrameAccess::ReadWrite));

  bool made_foreign = true;
  bool made_special = true;
  bool made_nothing = true;
  bool ended_special = false;
  {
    const AllMappings all(allowed);
    made_foreign = mapper.space.map_foreign(5, owner.space, 5, FrameAccess::ReadWrite);
    made_special = mapper.space.show_special(9, kSpecial, FrameAccess::ReadWrite);
    made_nothing = mapper.space.show_nothing(13);
    ended_special = mapper.space.show_own(11);
    mapper.space.unmap_foreign(3);
    mapper.space.unmap_foreign(7);
  }
  CHECK(!made_foreign);
  CHECK(!made_special);
  CHECK(!made_nothing);
  for (std::uint64_t frame = 0; frame < kPages; ++frame) {
    CAPTURE(frame);
    if (frame != 11 || ended_special) CHECK(mapper.shows(frame) == 'm');
    CHECK(owner.shows(frame) == 'o');
  }
  // Nothing is left that the other could see.
  std::memset(owner.space.ram()->bytes().data() + 3 * kPage, 'x', kPage);
  CHECK(mapper.shows(3) == 'm');
  // With room again everything goes.
  CHECK((ended_special || mapper.space.show_own(11)));
  CHECK(mapper.shows(11) == 'm');
  CHECK(mapper.space.show_nothing(13));
  CHECK(mapper.space.show_own(13));
  CHECK(mapper.space.map_foreign(5, owner.space, 5, FrameAccess::ReadWrite));
  CHECK(mapper.shows(5) == 'o');
  mapper.space.unmap_foreign(5);
}
