// SPDX-License-Identifier: MIT
// How long the longest legal call of each kind takes: nobody else is served meanwhile. A slice is 200 us, and a call should end
// within a few of them. With the fake engine, so that only the monitor's own work is measured.
#include <benchmark/benchmark.h>

#include <pvabi/console_io.h>
#include <pvabi/domid.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/sched.h>

#include "core/calls/grant_calls.hpp"
#include "support/fake_engine_world.hpp"

namespace pvisor::bench {

namespace {

constexpr std::uint64_t kDomainPages = 2048;
constexpr std::uint64_t kArray = 16;  ///< first of the frames that hold arguments

struct World : FakeWorld {
  Domain& domain = add_domain(kDomainPages);
  std::uint64_t at = address(domain, GuestFrame{kArray});

  template <class Op>
  void fill(std::size_t index, const Op& op) {
    PV_CHECK(domain.memory().write(GuestVirt{at + index * sizeof(Op)}, op));
  }
};

/// One piece of copies of a whole page, by a grant.
void grant_copy(benchmark::State& state) {
  World world;
  const pv_grant_entry_v1 entry{PV_GTF_PERMIT_ACCESS, world.domain.id().value(), 2};
  PV_CHECK(world.domain.memory().copy_out(world.domain.image().grant_frames, 9 * sizeof entry, std::as_bytes(std::span(&entry, 1))));
  pv_gnttab_copy op{};
  op.source.u.ref = 9;
  op.source.domid = op.dest.domid = PV_DOMID_SELF;
  op.len = kPageSize;
  op.flags = PV_GNTCOPY_SOURCE_GREF;
  for (std::size_t i = 0; i < kGrantOpsAtOnce; ++i) {
    op.dest.u.gmfn = 64 + i;
    world.fill(i, op);
  }
  for (auto _ : state) world.call(world.domain, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_COPY, world.at, kGrantOpsAtOnce});
}

/// One piece of unmaps of nothing: what a batch costs beside the pages.
void grant_unmap(benchmark::State& state) {
  World world;
  for (std::size_t i = 0; i < kGrantOpsAtOnce; ++i) world.fill(i, pv_gnttab_unmap_grant_ref{0, 0, 77, 0});
  for (auto _ : state) world.call(world.domain, PV_HC_GRANT_TABLE_OP, {PV_GNTTABOP_UNMAP_GRANT_REF, world.at, kGrantOpsAtOnce});
}

void console_io(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    world.call(world.domain, PV_HC_CONSOLE_IO, {PV_CONSOLEIO_WRITE, 65536, world.at});
    world.hooks.printed.clear();
  }
}

/// The last free port, found behind all others.
void alloc_last_port(benchmark::State& state) {
  World world;
  while (world.domain.events().alloc_unbound(kMonitorDomain) > 0) {}
  world.fill(0, pv_evtchn_alloc_unbound{PV_DOMID_SELF, 0, 0});
  for (auto _ : state) {
    PV_CHECK(world.domain.events().close(Port{EventChannels::kPorts - 1}) == 0);
    world.call(world.domain, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_ALLOC_UNBOUND, world.at});
  }
}

/// Reset of a table whose ports are all joined to another domain's.
void reset_all_ports(benchmark::State& state) {
  World world;
  Domain& peer = world.add_domain();
  world.fill(0, pv_evtchn_reset{PV_DOMID_SELF});
  for (auto _ : state) {
    state.PauseTiming();
    peer.events().reset();
    for (std::int64_t port = peer.events().alloc_unbound(world.domain.id()); port > 0; port = peer.events().alloc_unbound(world.domain.id())) {
      (void)world.domain.events().bind_interdomain(peer.id(), Port{static_cast<std::uint32_t>(port)});
    }
    state.ResumeTiming();
    world.call(world.domain, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_RESET, world.at});
  }
}

void poll_most_ports(benchmark::State& state) {
  World world;
  for (std::size_t i = 0; i < PV_SCHED_POLL_MAX_PORTS; ++i) world.fill(64 + i, kConsolePort.value());
  world.fill(0, pv_sched_poll{world.at + 64 * sizeof(std::uint32_t), PV_SCHED_POLL_MAX_PORTS, 0, 0});
  for (auto _ : state) {
    world.call(world.domain, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, world.at});
    world.domain.vcpu(VcpuId{0})->wake();
  }
}

void longest_call(benchmark::State& state, void (*measure)(benchmark::State&)) { measure(state); }

BENCHMARK_CAPTURE(longest_call, grant_copy, grant_copy)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(longest_call, grant_unmap, grant_unmap)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(longest_call, console_io, console_io)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(longest_call, evtchn_alloc_unbound, alloc_last_port)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(longest_call, evtchn_reset, reset_all_ports)->Unit(benchmark::kMicrosecond)->Iterations(20);
BENCHMARK_CAPTURE(longest_call, sched_poll, poll_most_ports)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace pvisor::bench
