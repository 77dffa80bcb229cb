// SPDX-License-Identifier: MIT
// Every call, in memory that changes as soon as it has been read: each byte of an argument is read once, and what was read
// then is what is acted upon.
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

#include <memory>
#include <random>
#include <string>

#include "support/changing_memory.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

/// Two domains; shared_info and grant tables are read anew by design (the latter has grant_fetches_test.cpp).
struct ChangingWorld : FakeWorld {
  Domain& caller = add_domain();
  Domain& other = add_domain();
  ChangingMemory memory;

  ChangingWorld() {
    for (Domain* domain : {&caller, &other}) {
      const auto special = space(*domain).ram()->bytes().subspan(domain->memory().ram_pages() * kPageSize);
      memory.spare(special);
    }
  }
  std::int64_t ask(std::uint64_t number, std::array<std::uint64_t, 5> args) {
    memory.begin_request();
    const std::size_t before = memory.second_fetches();
    const std::int64_t result = call(caller, number, args);
    CHECK_MESSAGE(memory.second_fetches() == before, "call ", number, " command ", args[0]);
    return result;
  }
  /// The command with a page full of words that mean something somewhere, and the pointer in each place where calls take one.
  /// False when this world is of no more use: the domain has ended, or has given that very page away.
  [[nodiscard]] bool ask_at_random(std::uint64_t number, std::uint64_t command, std::mt19937_64& random) {
    const std::uint64_t page = address(caller, kArguments);
    const std::array<std::uint64_t, 12> words{0,           1,           2,           3, 9, 512, PV_DOMID_SELF, other.id().value(),
                                              page + 2048, page + 2056, page + 5 * kPageSize, std::uint64_t{1} << 32 | 1};
    const std::uint64_t at = page + random() % 128 * 8;
    const std::uint64_t some = random() % 4;
    for (const auto& args : {std::array<std::uint64_t, 5>{command, at, some}, {command, some, at}, {at, some, some}}) {
      if (!caller.memory().write(GuestVirt{page}, std::uint64_t{0})) return false;
      for (std::uint64_t i = 0; i < kPageSize; i += 8) put(caller, words[random() % words.size()], i);
      ask(number, args);
      if (caller.ended()) return false;
      caller.vcpu(VcpuId{0})->wake();
    }
    return true;
  }
  /// Reads behind the watch's back.
  template <class T>
  [[nodiscard]] T peek(const Domain& domain, std::uint64_t at) const {
    T value;
    std::memcpy(&value, &space(const_cast<Domain&>(domain)).ram()->bytes()[at - domain.memory().virt_base().value()], sizeof value);
    return value;
  }
  static void grant(const Domain& by, std::uint32_t ref, GuestFrame frame, DomainId to) {
    const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, to.value(), static_cast<std::uint32_t>(frame.value())};
    REQUIRE(by.memory().copy_out(by.image().grant_frames, ref * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  }
};

}  // namespace

TEST_CASE("the watch itself: a field that is read twice is counted, and is another one the second time") {
  FakeWorld world;
  Domain& domain = world.add_domain();
  const std::uint64_t at = world.put(domain, std::uint32_t{5});
  ChangingMemory memory;
  CHECK(FakeWorld::get<std::uint32_t>(domain, at) == 5);
  CHECK(memory.second_fetches() == 0);
  CHECK(FakeWorld::get<std::uint16_t>(domain, at) == 0xfffa);
  CHECK(memory.second_fetches() == 2);
  memory.begin_request();
  CHECK(domain.memory().share(FakeWorld::kArguments)->load<std::uint8_t>(0) == 5);
  CHECK(memory.second_fetches() == 2);
  CHECK(memory.fetches() == 7);
}

TEST_CASE_FIXTURE(ChangingWorld, "event channel calls act on the struct as it was read") {
  std::uint64_t at = put(caller, pv_evtchn_alloc_unbound{PV_DOMID_SELF, other.id().value(), 0});
  REQUIRE(ask(PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_ALLOC_UNBOUND, at}) == 0);
  const auto port = peek<pv_evtchn_alloc_unbound>(caller, at).port;
  EventChannels::Status status{};
  REQUIRE(caller.events().status(Port{port}, status) == 0);
  CHECK(status.remote_domain == other.id());

  at = put(caller, pv_evtchn_status{PV_DOMID_SELF, port, 0, 0, {}});
  REQUIRE(ask(PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_STATUS, at}) == 0);
  CHECK(peek<pv_evtchn_status>(caller, at).status == PV_EVTCHNSTAT_UNBOUND);
  at = put(caller, pv_evtchn_close{port});
  REQUIRE(ask(PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_CLOSE, at}) == 0);
  CHECK_FALSE(caller.events().is_allocated(Port{port}));
}

TEST_CASE_FIXTURE(ChangingWorld, "grant calls act on each element of the array as it was read") {
  grant(other, 9, GuestFrame{5}, caller.id());
  const std::uint64_t target = address(caller, GuestFrame{6});
  std::uint64_t at = put(caller, pv_gnttab_map_grant_ref{target, PV_GNTMAP_HOST_MAP, 9, other.id().value(), 99, 77, 0});
  REQUIRE(ask(PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == 0);
  const auto mapped = peek<pv_gnttab_map_grant_ref>(caller, at);
  REQUIRE(mapped.status == PV_GNTST_OKAY);
  CHECK_FALSE(caller.memory().shows_own(GuestFrame{6}));

  std::array<pv_gnttab_copy, 3> copies{};
  for (std::uint32_t i = 0; i < copies.size(); ++i) {
    copies[i].source.u.ref = 9;
    copies[i].source.domid = other.id().value();
    copies[i].dest.u.gmfn = 7;
    copies[i].dest.offset = static_cast<std::uint16_t>(i);
    copies[i].dest.domid = PV_DOMID_SELF;
    copies[i].len = 1;
    copies[i].flags = PV_GNTCOPY_SOURCE_GREF;
    copies[i].source.offset = static_cast<std::uint16_t>(2 * i);  // a byte may be the source only once
  }
  at = put(caller, copies);
  REQUIRE(ask(PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_COPY, at, copies.size()}) == 0);
  for (const auto& copy : peek<decltype(copies)>(caller, at)) CHECK(copy.status == PV_GNTST_OKAY);

  at = put(caller, pv_gnttab_unmap_grant_ref{target, 0, mapped.handle, 99});
  REQUIRE(ask(PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_UNMAP_GRANT_REF, at, 1}) == 0);
  CHECK(other.grants().uses() == 0);
}

TEST_CASE_FIXTURE(ChangingWorld, "console_io prints the bytes that it read") {
  const std::array<char, 4> text{'t', 'e', 'x', 't'};
  REQUIRE(ask(PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 4, put(caller, text)}) == 0);
  CHECK(hooks.printed == "text");
}

TEST_CASE_FIXTURE(ChangingWorld, "poll waits for the ports that it read") {
  const std::array<std::uint32_t, 2> ports{kXenstorePort.value(), kConsolePort.value()};
  const std::uint64_t list = put(caller, ports, 64);
  const std::uint64_t at = put(caller, pv_sched_poll{list, 2, 0, 1'000});
  ask(PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, at});
  const Vcpu& vcpu = *caller.vcpu(VcpuId{0});
  CHECK(vcpu.state == VcpuState::Blocked);
  CHECK(vcpu.polled == std::vector<Port>{kXenstorePort, kConsolePort});
}

TEST_CASE_FIXTURE(ChangingWorld, "chainload gathers an image through lists that it reads once") {
  const std::array<std::uint64_t, 2> frames{3, 4};
  pv_chainload request{};
  request.kernel_frames = put(caller, frames, 512);
  request.kernel_bytes = 2 * kPageSize;
  CHECK(ask(PV_HC_CHAINLOAD, {put(caller, request)}) == -PV_ENOEXEC);
  CHECK(memory.fetches() == sizeof request + sizeof frames + 2 * kPageSize);
}

TEST_CASE("no call reads a byte twice, whatever its command and arguments") {
  std::mt19937_64 random(1);
  std::size_t bytes = 0;
  for (std::uint64_t number = 0; number < kHypercallNumbers; ++number) {
    // chainload copies any frame that it is told, that of its own request among them; it has a case of its own.
    if (served_by(number) != ServedBy::Monitor || number == PV_HC_CHAINLOAD) continue;
    for (std::uint64_t command = 0; command < 48; ++command) {
      ChangingWorld world;
      for (int round = 0; round < 40 && world.ask_at_random(number, command, random); ++round) {
      }
      bytes += world.memory.fetches();
    }
  }
  CHECK(bytes > 10'000);
}
