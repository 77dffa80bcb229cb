// SPDX-License-Identifier: MIT
// event_channel_op as a guest makes it: arguments in guest memory, answers in rax and in the struct.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <vector>

#include "pvabi/errno.h"
#include "pvabi/event_channel.h"
#include "pvabi/hypercalls.h"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

struct Calls : FakeWorld {
  /// Makes one event_channel_op and gives the struct back as the guest finds it afterwards.
  template <class Op>
  std::int64_t evtchn(Domain& domain, std::uint32_t cmd, Op& op) {
    const std::uint64_t at = put(domain, op);
    const std::int64_t result = call(domain, PV_HC_EVENT_CHANNEL_OP, {cmd, at});
    op = get<Op>(domain, at);
    return result;
  }
};

}  // namespace

TEST_CASE("Guests join two ports by hypercalls and their events arrive in shared_info") {
  Calls world;
  Domain& a = world.add_domain();
  Domain& b = world.add_domain();
  pv_evtchn_alloc_unbound alloc{PV_DOMID_SELF, b.id().value(), 0};
  CHECK(world.evtchn(a, PV_EVTCHNOP_ALLOC_UNBOUND, alloc) == 0);
  CHECK(alloc.port == 3);  // behind xenstore and console
  pv_evtchn_bind_interdomain bind{a.id().value(), alloc.port, 0};
  CHECK(world.evtchn(b, PV_EVTCHNOP_BIND_INTERDOMAIN, bind) == 0);
  CHECK(b.shared_info().is_pending(Port{bind.local_port}));
  pv_evtchn_send send{bind.local_port};
  CHECK(world.evtchn(b, PV_EVTCHNOP_SEND, send) == 0);
  CHECK(a.shared_info().is_pending(Port{alloc.port}));
  pv_evtchn_status status{PV_DOMID_SELF, alloc.port, 0, 0, {}};
  CHECK(world.evtchn(a, PV_EVTCHNOP_STATUS, status) == 0);
  CHECK(status.status == PV_EVTCHNSTAT_INTERDOMAIN);
  CHECK(status.u.interdomain.dom == b.id().value());
  CHECK(status.u.interdomain.port == bind.local_port);

  pv_evtchn_close close{alloc.port};
  CHECK(world.evtchn(a, PV_EVTCHNOP_CLOSE, close) == 0);
  CHECK_FALSE(a.shared_info().is_pending(Port{alloc.port}));
  pv_evtchn_status other{b.id().value(), bind.local_port, 0, 0, {}};
  CHECK(world.evtchn(b, PV_EVTCHNOP_STATUS, other) == 0);
  CHECK(other.status == PV_EVTCHNSTAT_UNBOUND);
  CHECK(other.u.unbound.dom == a.id().value());
}

TEST_CASE("A monitor that goes takes domains with joined ports with it") {
  auto world = std::make_unique<Calls>();
  std::vector<Domain*> domains;
  for (int i = 0; i < 8; ++i) domains.push_back(&world->add_domain());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      pv_evtchn_alloc_unbound alloc{PV_DOMID_SELF, domains[j]->id().value(), 0};
      REQUIRE(world->evtchn(*domains[i], PV_EVTCHNOP_ALLOC_UNBOUND, alloc) == 0);
      pv_evtchn_bind_interdomain bind{domains[i]->id().value(), alloc.port, 0};
      REQUIRE(world->evtchn(*domains[j], PV_EVTCHNOP_BIND_INTERDOMAIN, bind) == 0);
    }
  }
  world->monitor.destroy_domain(domains[4]->id());
  world.reset();
  CHECK(world == nullptr);
}

TEST_CASE("A guest binds its timer and IPIs, moves and unmasks ports") {
  Calls world;
  Domain& domain = world.add_domain();
  pv_evtchn_bind_virq virq{PV_VIRQ_TIMER, 0, 0};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_VIRQ, virq) == 0);
  pv_evtchn_bind_virq again{PV_VIRQ_TIMER, 0, 77};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_VIRQ, again) == -PV_EEXIST);
  CHECK(again.port == 77);
  pv_evtchn_bind_ipi ipi{0, 0};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_IPI, ipi) == 0);
  pv_evtchn_bind_ipi nobody{1, 0};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_IPI, nobody) == -PV_ENOENT);

  domain.shared_info().mask(Port{ipi.port});
  pv_evtchn_send send{ipi.port};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_SEND, send) == 0);
  CHECK_FALSE(domain.shared_info().upcall_pending(VcpuId{0}));
  pv_evtchn_unmask unmask{ipi.port};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_UNMASK, unmask) == 0);
  CHECK(domain.shared_info().upcall_pending(VcpuId{0}));

  pv_evtchn_bind_vcpu move{1, 0};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_VCPU, move) == 0);
  move = {1, 1};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_VCPU, move) == -PV_ENOENT);
  move = {ipi.port, 0};
  CHECK(world.evtchn(domain, PV_EVTCHNOP_BIND_VCPU, move) == -PV_EINVAL);
}

TEST_CASE("A guest may act for itself by either of its names and for nobody else") {
  Calls world;
  Domain& domain = world.add_domain();
  Domain& other = world.add_domain();
  const auto try_dom = [&](std::uint32_t dom) {
    const auto domid = static_cast<pv_domid_t>(dom);
    pv_evtchn_alloc_unbound alloc{domid, 0, 0};
    const std::int64_t result = world.evtchn(domain, PV_EVTCHNOP_ALLOC_UNBOUND, alloc);
    pv_evtchn_status status{domid, 1, 0, 0, {}};
    CHECK(world.evtchn(domain, PV_EVTCHNOP_STATUS, status) == result);
    pv_evtchn_reset reset{domid};
    CHECK(world.evtchn(domain, PV_EVTCHNOP_RESET, reset) == result);
    return result;
  };
  CHECK(try_dom(other.id().value()) == -PV_EPERM);
  CHECK(try_dom(0) == -PV_EPERM);
  for (const std::uint32_t nobody : std::initializer_list<std::uint32_t>{9, PV_DOMID_IO, PV_DOMID_XEN, PV_DOMID_COW, PV_DOMID_INVALID, 0x7fff, 0xffff}) {
    CHECK(try_dom(nobody) == -PV_ESRCH);
  }
  CHECK(other.events().close(kConsolePort) == 0);  // was not reset
  CHECK(try_dom(domain.id().value()) == 0);
  CHECK(domain.events().close(kConsolePort) == -PV_EINVAL);
}

TEST_CASE("Argument structs that are not all in guest memory are refused without any effect") {
  Calls world;
  Domain& domain = world.add_domain();
  const std::uint64_t end = FakeWorld::end_of(domain);
  for (const std::uint64_t bad : {std::uint64_t{0}, std::uint64_t{1}, end - 1, end, std::uint64_t{0x8000'0000'0000'0000}, ~std::uint64_t{0}}) {
    for (const std::uint32_t cmd : {0U, 1U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U}) {
      CAPTURE(bad);
      CAPTURE(cmd);
      CHECK(world.call(domain, PV_HC_EVENT_CHANNEL_OP, {cmd, bad}) == -PV_EFAULT);
    }
  }
  CHECK(domain.events().alloc_unbound(DomainId{5}) == 3);
}

TEST_CASE("Physical interrupts, the FIFO layout and unknown commands do not exist") {
  Calls world;
  Domain& domain = world.add_domain();
  const std::uint64_t at = world.put(domain, std::array<std::uint64_t, 4>{});
  for (const std::uint64_t cmd : {2UL, 11UL, 12UL, 13UL, 14UL, 0x7fff'ffffUL, 0xffff'ffffUL}) {
    CHECK(world.call(domain, PV_HC_EVENT_CHANNEL_OP, {cmd, at}) == -PV_ENOSYS);
    CHECK(world.call(domain, PV_HC_EVENT_CHANNEL_OP, {cmd, 0}) == -PV_ENOSYS);
  }
}
