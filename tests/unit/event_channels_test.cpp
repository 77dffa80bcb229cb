// SPDX-License-Identifier: MIT
// EventChannels: every operation's refusals, the two ends of a channel, and what is left when one of them goes.
#include "core/event_channels.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <memory>
#include <vector>

#include "pvabi/errno.h"
#include "pvabi/event_channel.h"

using namespace pvisor;

namespace {

/// Remembers what was raised, as "port on vCPU".
struct Sink final : EventSink {
  struct Raised {
    std::uint32_t port;
    std::uint32_t vcpu;
    bool operator==(const Raised&) const = default;
  };
  void raise_event(Port port, VcpuId vcpu) override { raised.push_back({port.value(), vcpu.value()}); }
  void unmask_event(Port port, VcpuId vcpu) override { unmasked.push_back({port.value(), vcpu.value()}); }
  void clear_event(Port port) override { cleared.push_back(port.value()); }
  void port_leads_out(Port port, bool yes) override {
    if (yes) outward.insert(port.value());
    if (!yes) outward.erase(port.value());
  }
  std::vector<Raised> raised;
  std::vector<Raised> unmasked;
  std::vector<std::uint32_t> cleared;
  std::set<std::uint32_t> outward;
};

struct World : EventPeers {
  [[nodiscard]] EventChannels* find_events(DomainId domain) override {
    const auto found = tables.find(domain);
    return found == tables.end() ? nullptr : found->second.get();
  }
  EventChannels& add(std::uint16_t id, std::uint32_t vcpus = 2) {
    return *(tables[DomainId{id}] = std::make_unique<EventChannels>(DomainId{id}, vcpus, sinks[id], *this));
  }
  void remove(std::uint16_t id) { tables[DomainId{id}].reset(); tables.erase(DomainId{id}); }
  std::map<std::uint16_t, Sink> sinks;
  std::map<DomainId, std::unique_ptr<EventChannels>> tables;
};

constexpr DomainId kA{1};
constexpr DomainId kB{2};

Port port_of(std::int64_t result) {
  REQUIRE(result > 0);
  return Port{static_cast<std::uint32_t>(result)};
}

EventChannels::Status status_of(const EventChannels& table, Port port) {
  EventChannels::Status status{};
  REQUIRE(table.status(port, status) == 0);
  return status;
}

/// A and B joined: A's port was unbound, B bound to it.
struct Pair : World {
  EventChannels& a = add(1);
  EventChannels& b = add(2);
  Port pa = port_of(a.alloc_unbound(kB));
  Port pb = port_of(b.bind_interdomain(kA, pa));
};

}  // namespace

TEST_CASE("a port leads out when its sends always succeed and nobody in its domain sees them") {
  World world;
  EventChannels& a = world.add(1);
  EventChannels& b = world.add(2);
  const Sink& told = world.sinks[1];
  const Port to_b = port_of(a.alloc_unbound(kB));
  const Port to_self = port_of(a.alloc_unbound(kA));
  const Port to_monitor = port_of(a.alloc_unbound(kMonitorDomain));
  const Port ipi = port_of(a.bind_ipi(VcpuId{0}));
  const Port virq = port_of(a.bind_virq(PV_VIRQ_TIMER, VcpuId{0}));
  const std::set<std::uint32_t> outward{to_b.value(), to_monitor.value()};
  CHECK(told.outward == outward);
  for (const Port port : std::to_array({to_b, to_self, to_monitor, ipi, virq})) CHECK(a.leads_out(port) == told.outward.contains(port.value()));

  const Port at_b = port_of(b.bind_interdomain(kA, to_b));
  CHECK(world.sinks[2].outward.contains(at_b.value()));
  CHECK(b.close(at_b) == 0);
  CHECK(world.sinks[2].outward.empty());
  CHECK(told.outward == outward);  // it waits for another peer
  CHECK(a.close(to_b) == 0);
  CHECK_FALSE(told.outward.contains(to_b.value()));
  a.reset();
  CHECK(told.outward.empty());
}

TEST_CASE("Ports are handed out from 1 upward and the lowest free one is used again") {
  World world;
  auto& table = world.add(1);
  CHECK(table.alloc_unbound(kB) == 1);
  CHECK(table.alloc_unbound(kB) == 2);
  CHECK(table.alloc_unbound(kB) == 3);
  CHECK(table.close(Port{2}) == 0);
  CHECK(table.bind_ipi(VcpuId{0}) == 2);
}

TEST_CASE("Port 0, free ports and numbers beyond the table are refused by every operation on a port but unmask") {
  World world;
  auto& table = world.add(1);
  for (const std::uint32_t number : {0U, 7U, 4095U, 4096U, 0x8000'0000U, 0xffff'ffffU}) {
    CAPTURE(number);
    const Port port{number};
    CHECK(table.send(port) == -PV_EINVAL);
    CHECK(table.close(port) == -PV_EINVAL);
    CHECK(table.unmask(port) == (number < 4096 ? 0 : -PV_EINVAL));  // as on Xen: nothing to unmask is no error
    CHECK(table.bind_vcpu(port, VcpuId{0}) == -PV_EINVAL);
    CHECK_FALSE(table.is_bound(port));
    CHECK(table.bind_backend(port, [] {}) == nullptr);
    EventChannels::Status status{};
    CHECK(table.status(port, status) == (number < 4096 ? 0 : -PV_EINVAL));
    CHECK(status.status == PV_EVTCHNSTAT_CLOSED);
  }
  CHECK(world.sinks[1].raised.empty());
  CHECK(world.sinks[1].unmasked.empty());
}

TEST_CASE("When all ports are used, each way to make one says so and changes nothing") {
  Pair world;
  const Port waiting = port_of(world.a.alloc_unbound(kB));
  while (world.b.alloc_unbound(kA) > 0) {}
  CHECK(world.b.alloc_unbound(kA) == -PV_ENOSPC);
  CHECK(world.b.bind_ipi(VcpuId{0}) == -PV_ENOSPC);
  CHECK(world.b.bind_virq(PV_VIRQ_TIMER, VcpuId{0}) == -PV_ENOSPC);
  CHECK(world.b.bind_interdomain(kA, waiting) == -PV_ENOSPC);
  CHECK(status_of(world.a, waiting).status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(world.b.close(Port{4095}) == 0);
  CHECK(world.b.bind_virq(PV_VIRQ_TIMER, VcpuId{0}) == 4095);
  world.b.reset();
  CHECK(world.b.alloc_unbound(kA) == 1);
}

TEST_CASE("Binding to another domain's port joins both ends and makes the new one pending once") {
  Pair world;
  CHECK(world.sinks[2].raised == std::vector<Sink::Raised>{{world.pb.value(), 0}});
  CHECK(world.sinks[1].raised.empty());
  CHECK(world.a.send(world.pa) == 0);
  CHECK(world.b.send(world.pb) == 0);
  CHECK(world.sinks[2].raised.size() == 2);
  CHECK(world.sinks[1].raised == std::vector<Sink::Raised>{{world.pa.value(), 0}});
  const auto status = status_of(world.b, world.pb);
  CHECK(status.status == PV_EVTCHNSTAT_INTERDOMAIN);
  CHECK(status.remote_domain == kA);
  CHECK(status.remote_port == world.pa);
  CHECK(world.a.is_bound(world.pa));
}

TEST_CASE("Only the domain that a port waits for can bind to it, once") {
  Pair world;
  auto& c = world.add(3);
  const Port for_b = port_of(world.a.alloc_unbound(kB));
  CHECK(c.bind_interdomain(kA, for_b) == -PV_EINVAL);
  CHECK(c.bind_interdomain(kA, world.pa) == -PV_EINVAL);
  CHECK(world.b.bind_interdomain(kA, world.pa) == -PV_EINVAL);
  CHECK(c.bind_interdomain(kA, Port{0}) == -PV_EINVAL);
  CHECK(c.bind_interdomain(kA, Port{0xffff'ffff}) == -PV_EINVAL);
  CHECK(c.bind_interdomain(DomainId{9}, Port{1}) == -PV_ESRCH);
  CHECK(c.bind_interdomain(kMonitorDomain, Port{1}) == -PV_EINVAL);
  CHECK(c.alloc_unbound(kA) == 1);
}

TEST_CASE("Closing one end makes the other wait for the domain that closed") {
  Pair world;
  CHECK(world.a.close(world.pa) == 0);
  const auto status = status_of(world.b, world.pb);
  CHECK(status.status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(status.remote_domain == kA);
  CHECK(world.sinks[1].cleared == std::vector<std::uint32_t>{world.pa.value()});
  CHECK_FALSE(world.b.is_bound(world.pb));
  CHECK(world.b.send(world.pb) == 0);
  CHECK(world.sinks[1].raised.empty());
  CHECK(world.a.bind_interdomain(kB, world.pb) > 0);
}

TEST_CASE("A port that is closed and used again gets nothing from its old peer") {
  Pair world;
  CHECK(world.a.close(world.pa) == 0);
  CHECK(world.a.bind_ipi(VcpuId{0}) == world.pa.value());
  CHECK(world.b.send(world.pb) == 0);
  CHECK(world.sinks[1].raised.empty());
}

TEST_CASE("A domain that dies leaves its peers with waiting ports that a later domain cannot take over") {
  Pair world;
  world.remove(1);
  CHECK(status_of(world.b, world.pb).status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(world.b.send(world.pb) == 0);
  auto& later = world.add(3);
  CHECK(later.bind_interdomain(kB, world.pb) == -PV_EINVAL);
  CHECK(world.b.close(world.pb) == 0);
}

TEST_CASE("A domain can talk to itself") {
  World world;
  auto& table = world.add(1);
  const Port one = port_of(table.alloc_unbound(kA));
  const Port two = port_of(table.bind_interdomain(kA, one));
  CHECK(one != two);
  CHECK(table.send(one) == 0);
  CHECK(world.sinks[1].raised.back() == Sink::Raised{two.value(), 0});
  CHECK(table.close(one) == 0);
  CHECK(status_of(table, two).status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(status_of(table, two).remote_domain == kA);
  CHECK(port_of(table.bind_interdomain(kA, two)) == one);
  table.reset();
  CHECK(table.alloc_unbound(kA) == 1);
}

TEST_CASE("A virq has one port per vCPU, a global one a single port, bound to vCPU 0") {
  World world;
  auto& table = world.add(1);
  const Port first = port_of(table.bind_virq(PV_VIRQ_TIMER, VcpuId{0}));
  const Port second = port_of(table.bind_virq(PV_VIRQ_TIMER, VcpuId{1}));
  CHECK(table.bind_virq(PV_VIRQ_TIMER, VcpuId{1}) == -PV_EEXIST);
  CHECK(table.bind_virq(PV_VIRQ_TIMER, VcpuId{2}) == -PV_ENOENT);
  CHECK(table.bind_virq(PV_NR_VIRQS, VcpuId{0}) == -PV_EINVAL);
  CHECK(table.bind_virq(0xffff'ffff, VcpuId{0}) == -PV_EINVAL);
  CHECK(table.bind_virq(PV_VIRQ_CONSOLE, VcpuId{1}) == -PV_EINVAL);
  const Port console = port_of(table.bind_virq(PV_VIRQ_CONSOLE, VcpuId{0}));
  CHECK(table.bind_vcpu(console, VcpuId{1}) == 0);
  CHECK(table.bind_virq(PV_VIRQ_CONSOLE, VcpuId{0}) == -PV_EEXIST);

  table.raise_virq(PV_VIRQ_TIMER, VcpuId{1});
  table.raise_virq(PV_VIRQ_TIMER, VcpuId{0});
  table.raise_virq(PV_VIRQ_CONSOLE, VcpuId{0});
  table.raise_virq(PV_VIRQ_DEBUG, VcpuId{0});
  const std::vector<Sink::Raised> expected{{second.value(), 1}, {first.value(), 0}, {console.value(), 1}};
  CHECK(world.sinks[1].raised == expected);
  CHECK(table.send(first) == -PV_EINVAL);
  CHECK(table.close(first) == 0);
  CHECK(table.bind_virq(PV_VIRQ_TIMER, VcpuId{0}) == first.value());
}

TEST_CASE("An IPI port raises itself on its vCPU, which cannot be changed") {
  World world;
  auto& table = world.add(1);
  CHECK(table.bind_ipi(VcpuId{2}) == -PV_ENOENT);
  const Port port = port_of(table.bind_ipi(VcpuId{1}));
  CHECK(table.send(port) == 0);
  CHECK(world.sinks[1].raised == std::vector<Sink::Raised>{{port.value(), 1}});
  CHECK(table.bind_vcpu(port, VcpuId{0}) == -PV_EINVAL);
  const Port timer = port_of(table.bind_virq(PV_VIRQ_TIMER, VcpuId{1}));
  CHECK(table.bind_vcpu(timer, VcpuId{0}) == -PV_EINVAL);
  CHECK(status_of(table, port).status == PV_EVTCHNSTAT_IPI);
  CHECK(status_of(table, timer).status == PV_EVTCHNSTAT_VIRQ);
  CHECK(status_of(table, timer).vcpu == 1);
}

TEST_CASE("Events follow a port to the vCPU it was moved to, and closing moves it back") {
  Pair world;
  CHECK(world.a.bind_vcpu(world.pa, VcpuId{2}) == -PV_ENOENT);
  CHECK(world.a.bind_vcpu(world.pa, VcpuId{1}) == 0);
  CHECK(world.b.send(world.pb) == 0);
  CHECK(world.sinks[1].raised.back() == Sink::Raised{world.pa.value(), 1});
  CHECK(world.a.unmask(world.pa) == 0);
  CHECK(world.sinks[1].unmasked == std::vector<Sink::Raised>{{world.pa.value(), 1}});
  CHECK(world.a.close(world.pa) == 0);
  CHECK(port_of(world.a.alloc_unbound(kB)) == world.pa);
  CHECK(status_of(world.a, world.pa).vcpu == 0);
}

TEST_CASE("A back end binds to a port that waits for domain 0, is told of sends, and can notify") {
  World world;
  auto& table = world.add(1);
  const Port port = port_of(table.alloc_unbound(kMonitorDomain));
  CHECK_FALSE(table.is_bound(port));
  int told = 0;
  auto backend = table.bind_backend(port, [&] { ++told; });
  REQUIRE(backend);
  CHECK(backend->is_open());
  CHECK(table.is_bound(port));
  CHECK(table.bind_backend(port, [] {}) == nullptr);
  CHECK(table.send(port) == 0);
  CHECK(told == 1);
  backend->notify();
  CHECK(world.sinks[1].raised == std::vector<Sink::Raised>{{port.value(), 0}});
  CHECK(status_of(table, port).status == PV_EVTCHNSTAT_INTERDOMAIN);
  CHECK(status_of(table, port).remote_domain == kMonitorDomain);

  backend.reset();
  CHECK(status_of(table, port).status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(table.send(port) == 0);
  CHECK(told == 1);
  CHECK(table.bind_backend(port, [] {}) != nullptr);
}

TEST_CASE("A back end cannot bind to a port that waits for another domain") {
  World world;
  auto& table = world.add(1);
  const Port port = port_of(table.alloc_unbound(kB));
  CHECK(table.bind_backend(port, [] {}) == nullptr);
  CHECK(status_of(table, port).remote_domain == kB);
}

TEST_CASE("A back end goes quiet when the guest closes its port, resets or dies") {
  World world;
  auto& table = world.add(1);
  const Port closed = port_of(table.alloc_unbound(kMonitorDomain));
  auto first = table.bind_backend(closed, [] {});
  CHECK(table.close(closed) == 0);
  CHECK_FALSE(first->is_open());
  const Port next = port_of(table.bind_ipi(VcpuId{0}));
  CHECK(next == closed);
  first->notify();
  CHECK(world.sinks[1].raised.empty());
  first.reset();
  CHECK(status_of(table, next).status == PV_EVTCHNSTAT_IPI);

  auto second = table.bind_backend(port_of(table.alloc_unbound(kMonitorDomain)), [] {});
  table.reset();
  CHECK_FALSE(second->is_open());
  auto third = table.bind_backend(port_of(table.alloc_unbound(kMonitorDomain)), [] {});
  world.remove(1);
  CHECK_FALSE(third->is_open());
  third->notify();
}

TEST_CASE("Reset closes every port, tells the peers and forgets what was pending") {
  Pair world;
  static_cast<void>(world.a.bind_virq(PV_VIRQ_TIMER, VcpuId{0}));
  world.a.reset();
  CHECK(world.sinks[1].cleared == std::vector<std::uint32_t>{1, 2});
  CHECK(status_of(world.b, world.pb).status == PV_EVTCHNSTAT_UNBOUND);
  world.a.raise_virq(PV_VIRQ_TIMER, VcpuId{0});
  CHECK(world.sinks[1].raised.empty());
}
