// SPDX-License-Identifier: MIT
// What is told of things that are left when all domains are gone.
#include "control/leftovers.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <memory>

#include "base/unique_fd.hpp"
#include "support/fake_ram.hpp"

using namespace pvisor;

TEST_CASE("what is left is counted and named, and nothing is no text") {
  CHECK(Leftovers{}.text().empty());
  CHECK(Leftovers{.guest_memories = 2, .descriptors = 1}.text() == "2 guest memories, 1 descriptors");
  CHECK(Leftovers{.ring_pages = 1, .requests = 2, .store_nodes = 3, .store_watches = 4, .vcpus = 5, .timers = 6}.text() ==
        "1 ring pages, 2 I/O requests, 3 store nodes, 4 store watches, 5 runnable vCPUs, 6 timers");
}

TEST_CASE("a guest's memory counts as long as somebody holds it") {
  RamRoll roll;
  CHECK(roll.alive() == 0);
  auto ram = std::make_shared<FakeRam>(1);
  roll.note(ram);
  CHECK(roll.alive() == 1);
  ram.reset();
  CHECK(roll.alive() == 0);
}

TEST_CASE("a descriptor that is open counts") {
  const OpenDescriptors descriptors;
  const std::size_t before = descriptors.count();
  const UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(fd.is_open());
  CHECK(descriptors.count() == before + 1);
}
