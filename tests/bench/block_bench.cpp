// SPDX-License-Identifier: MIT
// A guest's disk requests against fio's with io_uring, on the same cached file; discards, which fio makes of devices only, against the
// same calls of our own. Without fio its rows are skipped, and say so.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "child.hpp"
#include "scratch.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kGuest = std::string(PVISOR_GUESTS) + "/block-load.elf";
constexpr std::uint64_t kDiskBytes = 256U << 20;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kMebibyte = 1 << 20;
constexpr std::uint64_t kDiscards = 16384;

/// Writes a file in pieces of this size, which is how the page cache holds it: Linux looks at all blocks of a large piece for each
/// block that is written to it later.
void make_random_file(const std::filesystem::path& path, std::uint64_t bytes, std::size_t piece) {
  const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> words(piece / sizeof(std::uint64_t));
  for (std::uint64_t done = 0; done < bytes; done += piece) {
    for (auto& word : words) word = random();
    (void)::pwrite(fd, words.data(), piece, static_cast<off_t>(done));
  }
  ::close(fd);
}

/// What was written before is on the disk, so that it is not written meanwhile.
void settle(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  (void)::fdatasync(fd);
  ::close(fd);
}

/// The same load in fio's words, and as block-load is told of it.
struct BlockLoad {
  std::vector<std::string> fio;
  std::string direction;  ///< where fio's report has it
  std::string guest;
  std::uint64_t count;
  std::uint64_t bytes;  ///< of each
};

/// Nanoseconds that one request takes fio; 0 if there is no fio.
double fio_ns(const std::string& file, const BlockLoad& load) {
  std::vector<std::string> command{"fio", "--name=floor", "--filename=" + file, "--ioengine=io_uring", "--direct=0", "--invalidate=0",
                                   "--io_size=" + std::to_string(load.count * load.bytes), "--output-format=json"};
  command.push_back("--bs=" + std::to_string(load.bytes));
  command.insert(command.end(), load.fio.begin(), load.fio.end());
  settle(file);
  const ChildResult fio = run_child(command);
  if (fio.status != 0) return 0;
  const auto report = nlohmann::json::parse(fio.output.substr(fio.output.find('{')), nullptr, false);
  if (report.is_discarded()) return 0;
  return 1e9 / report["jobs"][0][load.direction]["iops"].get<double>();
}

double guest_ns(const std::string& file, const std::string& load, std::uint64_t count) {
  constexpr std::string_view kBefore = "ns_each ";
  settle(file);
  const ChildResult child = run_child({kPvisor, "run", "--disk", file, kGuest, "--", "load=" + load, "count=" + std::to_string(count)});
  const auto at = child.output.find(kBefore);
  if (child.status != 0 || at == std::string::npos) return 0;
  return std::strtod(child.output.c_str() + at + kBefore.size(), nullptr);
}

/// Both in turn, so that they see the same machine. `floor` and `guest` answer nanoseconds, 0 if they cannot.
template <class Floor, class Guest>
void compare(benchmark::State& state, const char* why_no_floor, Floor floor, Guest guest) {
  double floor_total = 0;
  double guest_total = 0;
  for (auto _ : state) {
    const double floor_one = floor();
    if (floor_one == 0) return state.SkipWithError(why_no_floor);
    const double guest_one = guest();
    if (guest_one == 0) return state.SkipWithError("the guest failed");
    floor_total += floor_one;
    guest_total += guest_one;
    state.SetIterationTime(guest_one * 1e-9);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["floor_ns"] = floor_total / rounds;
  state.counters["guest_ns"] = guest_total / rounds;
  state.counters["x_floor"] = guest_total / floor_total;         // time against time: below 1 is faster
  state.counters["speed_of_floor"] = floor_total / guest_total;  // rate against rate
}

void against_fio(benchmark::State& state, const BlockLoad& load) {
  if (run_child({"fio", "--version"}).status != 0) return state.SkipWithError("no floor: fio is not installed (package fio)");
  const Scratch scratch;
  const std::string file = scratch.file("load.img");
  make_random_file(file, kDiskBytes, load.direction == "write" ? kPage : kMebibyte);
  compare(state, "no floor: fio failed; the host may deny it io_uring", [&] { return fio_ns(file, load); },
          [&] { return guest_ns(file, load.guest, load.count); });
}

void random_reads(benchmark::State& state) {
  against_fio(state, {{"--rw=randread", "--iodepth=32"}, "read", "randread", 400'000, kPage});
}
BENCHMARK(random_reads)->Name("block_randread_4k/fiber/32")->UseManualTime()->Iterations(3);

void sequential_reads(benchmark::State& state) {
  against_fio(state, {{"--rw=read", "--iodepth=4"}, "read", "read", 8'000, kMebibyte});
}
BENCHMARK(sequential_reads)->Name("block_read_1m/fiber/4")->UseManualTime()->Iterations(3);

void random_writes(benchmark::State& state) {
  against_fio(state, {{"--rw=randwrite", "--iodepth=32"}, "write", "randwrite", 200'000, kPage});
}
BENCHMARK(random_writes)->Name("block_randwrite_4k/fiber/32")->UseManualTime()->Iterations(3);

void flushed_writes(benchmark::State& state) {
  against_fio(state, {{"--rw=randwrite", "--iodepth=1", "--fdatasync=1"}, "write", "flush", 200, kPage});
}
BENCHMARK(flushed_writes)->Name("block_write_4k_and_flush/fiber/1")->UseManualTime()->Iterations(3);

double punched_ns(const std::string& file) {
  settle(file);
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  const auto begin = std::chrono::steady_clock::now();
  bool all = true;
  for (std::uint64_t i = 0; i < kDiscards; ++i) {
    const auto at = static_cast<off_t>(i * kPage);
    all = ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, kPage) == 0 && all;
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  ::close(fd);
  return all ? taken.count() / kDiscards : 0;
}

/// In memory: what a disk's file system does for a hole takes any time, and none of it is ours.
void discards(benchmark::State& state) {
  const Scratch scratch("/dev/shm");
  const std::string file = scratch.file("load.img");
  const auto fresh = [&] { make_random_file(file, kDiscards * kPage, kPage); };
  compare(state, "no floor: files cannot be punched here", [&] { return fresh(), punched_ns(file); },
          [&] { return fresh(), guest_ns(file, "discard", kDiscards); });
}
BENCHMARK(discards)->Name("block_discard_4k/fiber/32")->UseManualTime()->Iterations(3);

}  // namespace

}  // namespace pvisor::bench
