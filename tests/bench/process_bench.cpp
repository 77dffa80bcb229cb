// SPDX-License-Identifier: MIT
// Whole runs of the pvisor program: starting hello, and block reads against fio on the same file.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "child.hpp"
#include "scratch.hpp"

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

void start_hello(benchmark::State& state) { run_timed(state, {kPvisor, "run", "--memory", "8M", kGuests + "/hello.elf"}); }
BENCHMARK(start_hello)->Name("run_hello/fiber")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

void start_true(benchmark::State& state) { run_timed(state, {"/bin/true"}); }
BENCHMARK(start_true)->Name("floor/exec_true")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(50);

constexpr std::uint64_t kDiskBytes = 256U << 20;

void make_random_file(const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> block(1 << 17);
  for (std::uint64_t done = 0; done < kDiskBytes; done += block.size() * 8) {
    for (auto& word : block) word = random();
    file.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(block.size() * 8));
  }
}

/// The same load in fio's words and in those of block-load.
struct BlockLoad {
  std::vector<std::string> fio;
  std::string guest;
};

const BlockLoad& random_4k() {
  static const BlockLoad load{{"--rw=randread", "--bs=4k", "--iodepth=32"}, "1000000"};
  return load;
}

const BlockLoad& sequential_1m() {
  static const BlockLoad load{{"--rw=read", "--bs=1M", "--iodepth=4"}, "20000 sequential"};
  return load;
}

/// Nanoseconds that one read takes fio; 0 if there is no fio.
double fio_read_ns(const std::string& file, const BlockLoad& load) {
  std::vector<std::string> command{"fio", "--name=floor", "--filename=" + file, "--ioengine=io_uring", "--direct=0", "--invalidate=0",
                                   "--time_based", "--runtime=2", "--output-format=json"};
  command.insert(command.end(), load.fio.begin(), load.fio.end());
  const ChildResult fio = run_child(command);
  if (fio.status != 0) return 0;
  const auto report = nlohmann::json::parse(fio.output.substr(fio.output.find('{')), nullptr, false);
  if (report.is_discarded()) return 0;
  return 1e9 / report["jobs"][0]["read"]["iops"].get<double>();
}

double guest_read_ns(const std::string& file, const BlockLoad& load) {
  const ChildResult child = run_child({kPvisor, "run", "--disk", file + ",ro", kGuests + "/block-load.elf", "--", load.guest});
  const auto at = child.output.find("ns_per_read ");
  if (child.status != 0 || at == std::string::npos) return 0;
  return std::strtod(child.output.c_str() + at + 12, nullptr);
}

/// fio and the guest in turn, on the same cached file, so that both see the same machine.
void block_reads(benchmark::State& state, const BlockLoad& load) {
  const Scratch scratch;
  const std::string file = scratch.file("reads.img");
  make_random_file(file);
  double fio_total = 0;
  double guest_total = 0;
  for (auto _ : state) {
    const double fio = fio_read_ns(file, load);
    const double guest = guest_read_ns(file, load);
    if (fio == 0) return state.SkipWithError("no floor: fio is not installed, or denied io_uring");
    if (guest == 0) return state.SkipWithError("the guest failed");
    fio_total += fio;
    guest_total += guest;
    state.SetIterationTime(guest * 1e-9);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["fio_ns"] = fio_total / rounds;
  state.counters["guest_ns"] = guest_total / rounds;
  state.counters["x_floor"] = guest_total / fio_total;      // time against time: below 1 is faster than fio
  state.counters["speed_of_fio"] = fio_total / guest_total; // rate against rate
}

void random_reads(benchmark::State& state) { block_reads(state, random_4k()); }
BENCHMARK(random_reads)->Name("block_randread_4k/fiber/32")->UseManualTime()->Iterations(3);

void sequential_reads(benchmark::State& state) { block_reads(state, sequential_1m()); }
BENCHMARK(sequential_reads)->Name("block_read_1m/fiber/4")->UseManualTime()->Iterations(3);

}  // namespace

}  // namespace pvisor::bench

BENCHMARK_MAIN();
