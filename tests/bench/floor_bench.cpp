// SPDX-License-Identifier: MIT
// Floors: what the same work costs without pvisor.
#include "floors.hpp"

#include <benchmark/benchmark.h>

#include <boost/context/fiber.hpp>
#include <chrono>
#include <utility>

namespace pvisor::bench {

namespace {

/// A fiber that only jumps back.
boost::context::fiber make_echo() {
  return boost::context::fiber([](boost::context::fiber&& caller) {
    for (;;) caller = std::move(caller).resume();
    return std::move(caller);
  });
}

volatile unsigned char pending = 0;
volatile unsigned char mask = 1;
int (*volatile target)(int) = [](int x) { return x + 1; };

int call_and_check(int value) {
  const int result = target(value);
  return pending != 0 && mask == 0 ? 0 : result;
}

template <class F>
double nanoseconds_each(F&& once) {
  using clock = std::chrono::steady_clock;
  constexpr int kRounds = 200'000;
  const auto begin = clock::now();
  for (int i = 0; i < kRounds; ++i) once();
  return std::chrono::duration<double, std::nano>(clock::now() - begin).count() / kRounds;
}

void boost_context_round_trip(benchmark::State& state) {
  auto other = make_echo();
  for (auto _ : state) other = std::move(other).resume();
}
BENCHMARK(boost_context_round_trip)->Name("floor/boost_context_round_trip");

void indirect_call(benchmark::State& state) {
  int value = 0;
  for (auto _ : state) benchmark::DoNotOptimize(value = call_and_check(value));
}
BENCHMARK(indirect_call)->Name("floor/indirect_call_with_event_check");

}  // namespace

double boost_round_trip_ns() {
  auto other = make_echo();
  return nanoseconds_each([&other] { other = std::move(other).resume(); });
}

double indirect_call_ns() {
  int value = 0;
  return nanoseconds_each([&value] { benchmark::DoNotOptimize(value = call_and_check(value)); });
}

}  // namespace pvisor::bench
