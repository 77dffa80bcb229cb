// SPDX-License-Identifier: MIT
// Whole runs of the pvisor program: starting hello.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "child.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kGuests = PVISOR_GUESTS;

void run_timed(benchmark::State& state, const std::vector<std::string>& command) {
  long peak = 0;
  for (auto _ : state) {
    const ChildResult child = run_child(command);
    if (child.status != 0) return state.SkipWithError(("exit status " + std::to_string(child.status)).c_str());
    state.SetIterationTime(child.seconds);
    peak = std::max(peak, child.peak_rss_kib);
  }
  state.counters["peak_rss_MiB"] = static_cast<double>(peak) / 1024;
}

void start_hello(benchmark::State& state, const std::string& engine) {
  run_timed(state, {kPvisor, "run", "--engine", engine, "--memory", "8M", kGuests + "/hello.elf"});
}
BENCHMARK_CAPTURE(start_hello, fiber, "fiber")->Name("run_hello/fiber")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);
BENCHMARK_CAPTURE(start_hello, process, "process")->Name("run_hello/process")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

void start_true(benchmark::State& state) { run_timed(state, {"/bin/true"}); }
BENCHMARK(start_true)->Name("floor/exec_true")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

}  // namespace

}  // namespace pvisor::bench

BENCHMARK_MAIN();
