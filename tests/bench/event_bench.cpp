// SPDX-License-Identifier: MIT
// Event ping-pong between two domains: one way is from `send` in one to the first instruction after the wait in the other.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "bench_monitor.hpp"
#include "floors.hpp"

namespace pvisor::bench {

namespace {

constexpr std::uint32_t kBatch = 1024;  // rounds, as in the guest

void ping_pong(benchmark::State& state, std::string_view engine, const std::string& wait) {
  using Time = std::chrono::steady_clock;
  const double floor_ns = boost_round_trip_ns();
  BenchMonitor pair(engine);
  pair.add_guest("event-loop", "1" + wait);
  pair.add_guest("event-loop", "2" + wait);
  while (pair.all_alive() && pair.batches() == 0) pair.turn();  // past their start-up

  const std::uint64_t before = pair.batches();
  const auto begin = Time::now();
  for (auto _ : state) {
    const std::uint64_t batches = pair.batches();
    while (pair.all_alive() && pair.batches() == batches) pair.turn();
  }
  const double ns = std::chrono::duration<double, std::nano>(Time::now() - begin).count();
  if (!pair.all_alive()) return state.SkipWithError("a guest died");
  const double one_way = ns / (2.0 * kBatch * static_cast<double>(pair.batches() - before));
  state.counters["ns_one_way"] = one_way;
  state.counters["floor_ns"] = floor_ns;
  state.counters["x_floor"] = one_way / floor_ns;
}

BENCHMARK_CAPTURE(ping_pong, polled, "fiber", "polled")->Name("event_ping_pong_polled/fiber");
BENCHMARK_CAPTURE(ping_pong, upcall, "fiber", "upcall")->Name("event_ping_pong_upcall/fiber");
BENCHMARK_CAPTURE(ping_pong, polled_process, "process", "polled")->Name("event_ping_pong_polled/process");
BENCHMARK_CAPTURE(ping_pong, upcall_process, "process", "upcall")->Name("event_ping_pong_upcall/process");

}  // namespace

}  // namespace pvisor::bench
