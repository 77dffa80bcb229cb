// SPDX-License-Identifier: MIT
// Booting a disk: the whole of it, and the loader alone, from its first instruction to the kernel's, as --statistics tells it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "child.hpp"
#include "scratch.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kKernel = std::string(PVISOR_GUESTS) + "/megabyte.elf";
constexpr std::uint64_t kRamdiskBytes = 100U << 20;

/// A file that has no holes.
void make_file(const std::filesystem::path& path, std::uint64_t bytes) {
  std::ofstream file(path, std::ios::binary);
  std::string block(1U << 20, '\0');
  for (std::uint64_t done = 0; done < bytes; done += block.size()) {
    std::fill(block.begin(), block.end(), static_cast<char>(1 + done % 251));
    file.write(block.data(), static_cast<std::streamsize>(block.size()));
  }
}

/// An ext4 disk with a menu.lst that boots a kernel of 1 MiB at once; with a ramdisk, its file stays as "tree/boot/ramdisk".
bool make_disk(const Scratch& scratch, std::uint64_t ramdisk_bytes) {
  const auto tree = scratch.file("tree");
  std::filesystem::create_directories(tree / "boot/grub");
  std::filesystem::copy_file(kKernel, tree / "boot/kernel");
  std::ofstream menu(tree / "boot/grub/menu.lst");
  menu << "default 0\ntimeout 0\ntitle a\nkernel /boot/kernel\n";
  if (ramdisk_bytes != 0) {
    make_file(tree / "boot/ramdisk", ramdisk_bytes);
    menu << "initrd /boot/ramdisk\n";
  }
  menu.close();
  ::setenv("PATH", (std::string(std::getenv("PATH")) + ":/sbin:/usr/sbin").c_str(), 1);
  const std::string size = std::to_string(32 + (ramdisk_bytes >> 20)) + "M";
  return run_child({"mke2fs", "-q", "-t", "ext4", "-d", tree, scratch.file("boot.img"), size}).status == 0;
}

/// One run of a command line of the shell; its errors count as output.
ChildResult run_shell(const std::string& line) { return run_child({"/bin/sh", "-c", line + " 2>&1"}); }

/// Seconds from the loader's first instruction to the kernel's; 0 if it did not boot.
double loader_seconds(const std::string& engine, const std::string& options) {
  const ChildResult child = run_shell(kPvisor + " boot --statistics --engine " + engine + " " + options);
  constexpr std::string_view kBefore = ": loader: ";
  const auto at = child.output.find(kBefore);
  if (child.status != 0 || at == std::string::npos) return 0;
  return std::strtod(child.output.c_str() + at + kBefore.size(), nullptr) * 1e-3;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void loader(benchmark::State& state, const std::string& engine) {
  const Scratch scratch;
  if (!make_disk(scratch, 0)) return state.SkipWithError("mke2fs does not work here");
  const std::string disk = scratch.file("boot.img");
  std::vector<double> loader, whole, run;
  for (auto _ : state) {
    const double seconds = loader_seconds(engine, disk);
    if (seconds == 0) return state.SkipWithError("the disk did not boot");
    state.SetIterationTime(seconds);
    loader.push_back(seconds);
    whole.push_back(run_child({kPvisor, "boot", "--engine", engine, disk}).seconds);
    run.push_back(run_child({kPvisor, "run", "--engine", engine, kKernel}).seconds);
  }
  state.counters["median_ms"] = median(loader) * 1e3;
  state.counters["whole_boot_ms"] = median(whole) * 1e3;
  state.counters["whole_run_ms"] = median(run) * 1e3;  // the same kernel without a loader
}
BENCHMARK_CAPTURE(loader, fiber, "fiber")->Name("loader_1m/fiber")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(30);
BENCHMARK_CAPTURE(loader, process, "process")->Name("loader_1m/process")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(30);

/// The loader reads the ramdisk into fresh memory and hands it over, which copies it once more. cat keeps nothing of what it reads;
/// through a pipe it is copied again.
void loader_with_ramdisk(benchmark::State& state, const std::string& engine) {
  const Scratch scratch;
  if (!make_disk(scratch, kRamdiskBytes)) return state.SkipWithError("mke2fs does not work here");
  const std::string disk = std::string(scratch.file("boot.img")) + " --memory 512M";
  const std::string file = scratch.file("tree/boot/ramdisk");
  (void)loader_seconds(engine, disk);  // the host's memory is found and the file cached
  std::vector<double> loader, cat, pipe;
  for (auto _ : state) {
    const double seconds = loader_seconds(engine, disk);
    if (seconds == 0) return state.SkipWithError("the disk did not boot");
    state.SetIterationTime(seconds);
    loader.push_back(seconds);
    cat.push_back(run_shell("cat " + file + " >/dev/null").seconds);
    pipe.push_back(run_shell("cat " + file + " | cat >/dev/null").seconds);
  }
  state.counters["median_ms"] = median(loader) * 1e3;
  state.counters["cat_ms"] = median(cat) * 1e3;
  state.counters["cat_pipe_ms"] = median(pipe) * 1e3;
  state.counters["speed_of_cat"] = median(cat) / median(loader);
  state.counters["speed_of_cat_pipe"] = median(pipe) / median(loader);
}
BENCHMARK_CAPTURE(loader_with_ramdisk, fiber, "fiber")
    ->Name("loader_initrd_100m/fiber")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(10);
BENCHMARK_CAPTURE(loader_with_ramdisk, process, "process")
    ->Name("loader_initrd_100m/process")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(10);

}  // namespace

}  // namespace pvisor::bench
