// SPDX-License-Identifier: MIT
// Domains that hold as much of each other as they can, and die: everything is given back, and what a peer still sends or asks
// reaches nobody.
#include <doctest/doctest.h>

#include <pvabi/errno.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>

#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kLargeRam = GrantMappings::kMaxMappings + 16;

struct Two : FakeWorld {
  Domain& a = add_domain(kLargeRam);
  Domain& b = add_domain(kLargeRam);

  /// `mapper` maps one frame of `owner` as often as it may.
  void map_all(Domain& mapper, Domain& owner) {
    const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, mapper.id().value(), 2};
    REQUIRE(owner.memory().copy_out(owner.image().grant_frames, 9 * sizeof entry, std::as_bytes(std::span(&entry, 1))));
    for (std::uint64_t i = 0; i < GrantMappings::kMaxMappings; ++i) {
      const std::uint64_t at = put(mapper, pv_gnttab_map_grant_ref{address(mapper, GuestFrame{3 + i}), PV_GNTMAP_HOST_MAP, 9, owner.id().value(), 1, 0, 0});
      REQUIRE(call(mapper, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == 0);
      REQUIRE(get<pv_gnttab_map_grant_ref>(mapper, at).status == PV_GNTST_OKAY);
    }
    CHECK(owner.grants().uses() == GrantMappings::kMaxMappings);
  }
  /// As many channels between the two as there are ports.
  void join_all() {
    for (;;) {
      const std::int64_t waiting = a.events().alloc_unbound(b.id());
      if (waiting < 0) break;
      (void)b.events().bind_interdomain(a.id(), Port{static_cast<std::uint32_t>(waiting)});
    }
  }
  [[nodiscard]] static std::uint32_t joined(const Domain& domain, EventChannels& events, std::uint32_t kind) {
    std::uint32_t count = 0;
    for (std::uint32_t port = 0; port < EventChannels::kPorts; ++port) {
      EventChannels::Status status{};
      REQUIRE(events.status(Port{port}, status) == 0);
      count += status.status == kind && status.remote_domain == domain.id();
    }
    return count;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Two, "two domains that map all they can of each other die one after the other and give everything back") {
  map_all(a, b);
  map_all(b, a);
  monitor.destroy_domain(a.id());
  CHECK(b.grants().uses() == 0);
  CHECK(b.mappings().size() == GrantMappings::kMaxMappings);  // the pages stay, they belong to nobody else
  CHECK(get<pv_grant_entry_v1>(b, address(b, b.image().grant_frames, 9 * sizeof(pv_grant_entry_v1))).flags == PV_GTF_PERMIT_ACCESS);
  monitor.destroy_domain(b.id());
}

TEST_CASE_FIXTURE(Two, "a domain with all its ports joined dies, and its peer's ports wait for one that never comes") {
  join_all();
  const std::uint32_t pairs = joined(a, b.events(), PV_EVTCHNSTAT_INTERDOMAIN);
  CHECK(pairs == EventChannels::kPorts - 3);  // port 0 and the two that every domain has
  const DomainId gone = a.id();
  monitor.destroy_domain(gone);
  Domain& later = add_domain();
  CHECK(later.id() != gone);
  for (std::uint32_t port = 3; port < EventChannels::kPorts; ++port) {
    REQUIRE(b.events().send(Port{port}) == 0);
    REQUIRE(later.events().bind_interdomain(b.id(), Port{port}) == -PV_EINVAL);
  }
  for (std::uint32_t port = 1; port < EventChannels::kPorts; ++port) REQUIRE(b.events().close(Port{port}) == 0);
  CHECK(b.events().alloc_unbound(later.id()) == 1);
}

TEST_CASE_FIXTURE(Two, "events to a peer that closes, ends, starts another kernel or goes arrive nowhere else") {
  const auto waiting = static_cast<std::uint32_t>(a.events().alloc_unbound(b.id()));
  const Port from{static_cast<std::uint32_t>(b.events().bind_interdomain(a.id(), Port{waiting}))};
  const auto send = [&] { return call(b, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_SEND, put(b, pv_evtchn_send{from.value()})}); };
  SUBCASE("closes, and uses the port for itself") {
    REQUIRE(a.events().close(Port{waiting}) == 0);
    REQUIRE(a.events().bind_ipi(VcpuId{0}) == waiting);
    CHECK(send() == 0);
    CHECK_FALSE(a.shared_info().is_pending(Port{waiting}));
  }
  SUBCASE("ends") {
    a.end({});
    CHECK(send() == 0);
    CHECK_FALSE(a.shared_info().is_pending(Port{waiting}));
  }
  SUBCASE("starts another kernel") {
    a.install(make_fake_image(engine, kRamPages));
    REQUIRE(a.events().alloc_unbound(b.id()) == waiting);
    CHECK(send() == 0);
    CHECK_FALSE(a.shared_info().is_pending(Port{waiting}));
  }
  SUBCASE("goes") {
    monitor.destroy_domain(a.id());
    CHECK(send() == 0);
  }
  CHECK(call(b, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_CLOSE, put(b, pv_evtchn_close{from.value()})}) == 0);
}

TEST_CASE_FIXTURE(Two, "a domain that has ended answers no peer: its grants and ports are there until it goes, and it runs no more") {
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, b.id().value(), 2};
  REQUIRE(a.memory().copy_out(a.image().grant_frames, 9 * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  const auto waiting = static_cast<std::uint32_t>(a.events().alloc_unbound(b.id()));
  REQUIRE(call(a, PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, put(a, pv_sched_shutdown{PV_SHUTDOWN_POWEROFF})}) == 0);
  CHECK(a.vcpu(VcpuId{0})->state == VcpuState::Down);
  CHECK(b.events().bind_interdomain(a.id(), Port{waiting}) > 0);
  const std::uint64_t at = put(b, pv_gnttab_map_grant_ref{address(b, GuestFrame{3}), PV_GNTMAP_HOST_MAP, 9, a.id().value(), 1, 0, 0});
  CHECK(call(b, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_MAP_GRANT_REF, at, 1}) == 0);
  CHECK(get<pv_gnttab_map_grant_ref>(b, at).status == PV_GNTST_OKAY);
  monitor.destroy_domain(a.id());
  CHECK(b.mappings().size() == 1);
}
