// SPDX-License-Identifier: MIT
// Hypercalls through everything they pass in a real run: hypercall page, shim, engine, Exit, table, and back. The loop is the
// monitor's own turn.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "bench_monitor.hpp"
#include "floors.hpp"

namespace pvisor::bench {

namespace {

constexpr std::uint32_t kBatch = 4096;  // as in the guest
constexpr std::uint32_t kLocalBatch = 64 * kBatch;

/// Runs a guest that makes calls of one kind: their time each, and against the floor.
void measure(benchmark::State& state, std::string_view engine, const std::string& kind, double floor_ns) {
  using Time = std::chrono::steady_clock;
  BenchMonitor guest(engine);
  guest.add_guest("hypercall-loop", kind);
  while (guest.all_alive() && guest.batches() == 0) guest.turn();  // past its start-up
  const std::uint64_t before = guest.batches();
  const auto begin = Time::now();
  for (auto _ : state) {
    const std::uint64_t batches = guest.batches();
    while (guest.all_alive() && guest.batches() == batches) guest.turn();
  }
  const double ns = std::chrono::duration<double, std::nano>(Time::now() - begin).count();
  if (!guest.all_alive()) return state.SkipWithError("the guest died");
  const double each = ns / static_cast<double>((guest.batches() - before) * (kind == "local" ? kLocalBatch : kBatch));
  state.counters["ns_per_call"] = each;
  state.counters["floor_ns"] = floor_ns;
  state.counters["x_floor"] = each / floor_ns;
}

void null_remote(benchmark::State& state, std::string_view engine) { measure(state, engine, "remote", boost_round_trip_ns()); }
void null_local(benchmark::State& state, std::string_view engine) { measure(state, engine, "local", indirect_call_ns()); }

/// With a CPU each for guest and monitor, and with one for both.
void spare_cpu(benchmark::State& state) { measure(state, "process", "remote", spin_hand_off_ns()); }
void one_cpu(benchmark::State& state) {
  const OneCpu pinned;
  measure(state, "process", "remote", futex_hand_off_ns());
}

BENCHMARK(spare_cpu)->Name("hypercall_null_remote/process");
BENCHMARK(one_cpu)->Name("hypercall_null_remote/process/one_cpu");
BENCHMARK_CAPTURE(null_local, process, "process")->Name("hypercall_null_local/process");
BENCHMARK_CAPTURE(null_remote, fiber, "fiber")->Name("hypercall_null_remote/fiber");
BENCHMARK_CAPTURE(null_local, fiber, "fiber")->Name("hypercall_null_local/fiber");

}  // namespace

}  // namespace pvisor::bench
