// SPDX-License-Identifier: MIT
// Whole runs of guests that mostly wait: what they cost while they do, and how late they wake.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "child.hpp"
#include "scratch.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kGuests = PVISOR_GUESTS;
constexpr int kIdleDomains = 10;
constexpr int kShortSeconds = 1;
constexpr int kLongSeconds = 11;

std::string idle_domains(const Scratch& scratch) {
  const std::string path = scratch.file("domains.json");
  std::ofstream file(path);
  file << R"({"version": 1, "domains": [)";
  for (int i = 0; i < kIdleDomains; ++i) {
    file << (i > 0 ? ", " : "") << R"({"name": "idle)" << i << R"(", "kernel": ")" << kGuests << R"(/sleeper.elf", "memory": 8})";
  }
  file << "]}";
  return path;
}

/// CPU time of a run that its time limit ends, of monitor and vCPUs.
double cpu_of_run(const std::string& engine, const std::string& plan, int seconds) {
  return run_child({kPvisor, "up", plan, "--engine", engine, "--timeout", std::to_string(seconds) + "s"}).cpu_seconds;
}

/// What ten more seconds cost: the start is in both runs.
void idle(benchmark::State& state, const std::string& engine) {
  const Scratch scratch;
  const std::string plan = idle_domains(scratch);
  for (auto _ : state) {
    const double used = cpu_of_run(engine, plan, kLongSeconds) - cpu_of_run(engine, plan, kShortSeconds);
    state.counters["percent_of_a_core"] = 100 * used / (kLongSeconds - kShortSeconds);
  }
}
BENCHMARK_CAPTURE(idle, process, "process")->Name("idle_10_domains/process")->Unit(benchmark::kMillisecond)->Iterations(1);

void timer_lateness(benchmark::State& state, const std::string& engine) {
  for (auto _ : state) {
    const ChildResult child = run_child({kPvisor, "run", "--engine", engine, kGuests + "/timer-lateness.elf"});
    double median = 0;
    double worst = 0;
    if (std::sscanf(child.output.c_str(), "late %lf %lf", &median, &worst) != 2) return state.SkipWithError("the guest failed");
    state.counters["median_us"] = median / 1000;
    state.counters["p99_us"] = worst / 1000;
  }
}
BENCHMARK_CAPTURE(timer_lateness, fiber, "fiber")->Name("timer_lateness/fiber")->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK_CAPTURE(timer_lateness, process, "process")->Name("timer_lateness/process")->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace

}  // namespace pvisor::bench
