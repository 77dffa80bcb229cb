// SPDX-License-Identifier: MIT
// Frames from guest to guest over a switch, as examples/net-bench measures them, beside copies of the same bytes and a pair of veth
// devices under iperf3, all in one run.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "child.hpp"
#include "scratch.hpp"
#include "steady_clock.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kGuest = std::string(PVISOR_GUESTS) + "/net-bench.elf";
const std::string kVethFloor = PVISOR_VETH_FLOOR;
constexpr const char* kSeconds = "2";

nlohmann::json domain(const std::string& role, const std::string& options) {
  return {{"name", role}, {"kernel", kGuest}, {"cmdline", "role=" + role + options}, {"memory", 8}, {"vif", {{{"backend", "switch:lan"}}}}};
}

/// The number behind `label` in what the guests printed; 0 if it is not there.
double figure(const std::string& output, const std::string& label) {
  const auto at = output.find(label);
  return at == std::string::npos ? 0 : std::strtod(output.c_str() + at + label.size(), nullptr);
}

/// One run of both guests on an engine; its output, or nothing if it failed.
std::string run_guests(const std::string& engine, const std::string& options) {
  const Scratch scratch;
  const std::string file = scratch.file("net-bench.json");
  std::ofstream(file) << nlohmann::json{{"version", 1}, {"domains", {domain("sink", ""), domain("source", options)}}};
  const ChildResult child = run_child({kPvisor, "up", file, "--engine", engine});
  return child.status == 0 ? child.output : std::string();
}

/// Nanoseconds that one copy of so many bytes takes, from one buffer of 1 MiB to another, as a ring of pages has them.
double copy_ns(std::size_t bytes) {
  constexpr std::size_t kRing = 1 << 20;
  constexpr int kCopies = 20000;
  std::vector<char> from(kRing + bytes, 1), to(kRing + bytes);
  const SteadyClock clock;
  const std::uint64_t begin = clock.now_ns();
  for (int i = 0; i < kCopies; ++i) {
    const std::size_t at = (static_cast<std::size_t>(i) * ((bytes + 4095) & ~std::size_t{4095})) % kRing;
    std::memcpy(to.data() + at, from.data() + at, bytes);
    benchmark::ClobberMemory();
  }
  return static_cast<double>(clock.now_ns() - begin) / kCopies;
}

/// Nanoseconds of so many bytes of TCP through the veth devices; 0 if they cannot be had.
double veth_ns(std::size_t bytes) {
  const ChildResult child = run_child({kVethFloor, kSeconds});
  if (child.status != 0) return 0;
  const auto report = nlohmann::json::parse(child.output, nullptr, false);
  if (report.is_discarded()) return 0;
  const double rate = report.value(nlohmann::json::json_pointer("/end/sum_received/bits_per_second"), 0.0);
  return rate == 0 ? 0 : static_cast<double>(bytes) * 8e9 / rate;
}

/// One kind of frame.
struct Kind {
  const char* label;
  std::size_t bytes;
  bool has_veth;  ///< TCP through the veth devices is something like it
};
constexpr Kind k64{"64-byte frames: ", 64, false};
constexpr Kind k1500{"1500-byte frames: ", 1500, true};
constexpr Kind kGso{"65214-byte frames: ", 65214, true};

void frames(benchmark::State& state, const std::string& engine, const Kind& kind) {
  const std::string options = engine == "fiber" ? " rounds=1000 frames=300000" : " rounds=100 frames=100000";
  double guest = 0, copy = 0, veth = 0;
  for (auto _ : state) {
    const double one = figure(run_guests(engine, options), kind.label);
    if (one == 0) return state.SkipWithError("the guests failed");
    const double floor = kind.has_veth ? veth_ns(kind.bytes) : 1;
    if (floor == 0) return state.SkipWithError("no floor: iperf3 is not installed, or no network namespace can be made");
    guest += one;
    copy += copy_ns(kind.bytes);
    veth += floor;
    state.SetIterationTime(one * 1e-9);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["frames_per_s"] = 1e9 * rounds / guest;
  state.counters["Gb_per_s"] = static_cast<double>(kind.bytes) * 8 * rounds / guest;
  state.counters["memcpy_ns"] = copy / rounds;
  state.counters["x_memcpy"] = guest / copy;
  if (kind.has_veth) state.counters["speed_of_veth"] = veth / guest;
}
BENCHMARK_CAPTURE(frames, fiber_64, "fiber", k64)->Name("net_frames_64/fiber")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(frames, fiber_1500, "fiber", k1500)->Name("net_frames_1500/fiber")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(frames, fiber_gso, "fiber", kGso)->Name("net_frames_gso_64k/fiber")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(frames, process_64, "process", k64)->Name("net_frames_64/process")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(frames, process_1500, "process", k1500)->Name("net_frames_1500/process")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(frames, process_gso, "process", kGso)->Name("net_frames_gso_64k/process")->UseManualTime()->Iterations(3);

void round_trip(benchmark::State& state, const std::string& engine) {
  const std::string options = engine == "fiber" ? " rounds=200000 frames=1000" : " rounds=5000 frames=1000";
  for (auto _ : state) {
    const double ns = figure(run_guests(engine, options), "round trip of 64 bytes: ");
    if (ns == 0) return state.SkipWithError("the guests failed");
    state.SetIterationTime(ns * 1e-9);
  }
}
BENCHMARK_CAPTURE(round_trip, fiber, "fiber")->Name("net_round_trip/fiber")->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(round_trip, process, "process")->Name("net_round_trip/process")->UseManualTime()->Iterations(3);

}  // namespace

}  // namespace pvisor::bench
