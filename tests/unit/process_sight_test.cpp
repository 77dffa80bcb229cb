// SPDX-License-Identifier: MIT
// What there is in a vCPU's process: its memory, descriptors, rights and surroundings are the documented few and no more. Read from the
// host's /proc, which lets only root look into a process that is not dumpable: who is not root sees less of this test.
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/process_guest.hpp"

using namespace pvisor;
using namespace pvisor::process;

namespace {

struct MappedRange {
  std::uint64_t low, high;
  std::string rights, file;
};

std::string path_of(int pid, const char* what) { return "/proc/" + std::to_string(pid) + "/" + what; }

/// Empty: not root.
std::vector<MappedRange> maps_of(int pid) {
  std::vector<MappedRange> ranges;
  std::ifstream maps(path_of(pid, "maps"));
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::string range, offset, device, inode;
    MappedRange mapped;
    fields >> range >> mapped.rights >> offset >> device >> inode;
    std::getline(fields >> std::ws, mapped.file);
    mapped.low = std::stoull(range, nullptr, 16);
    mapped.high = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    if (mapped.file != "[vsyscall]") ranges.push_back(mapped);  // shown for every process; the filter sees to it
  }
  return ranges;
}

std::map<std::string, std::string> status_of(int pid) {
  std::map<std::string, std::string> status;
  std::ifstream file(path_of(pid, "status"));
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line.substr(line.find(':') + 1));
    fields >> status[line.substr(0, line.find(':'))];
  }
  return status;
}

std::set<int> descriptors_of(int pid) {
  std::set<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_of(pid, "fd"), error)) found.insert(std::stoi(entry.path().filename()));
  return found;
}

std::string text_of(int pid, const char* what) {
  std::ifstream file(path_of(pid, what), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A guest that has run.
struct Seen {
  VcpuProcesses processes;
  ProcessGuest guest{processes};
  int pid = guest.pid();
  Seen() { CHECK(guest.gate(SYS_getpid) == ProcessGuest::kRefused); }
};

}  // namespace

TEST_CASE("a vCPU's process has the stub, the area and its domain's memory, and nothing of the host") {
  const Seen seen;
  const auto maps = maps_of(seen.pid);
  if (maps.empty()) {
    MESSAGE("not run: only root sees its memory");
    return;
  }
  const std::uint64_t low = seen.guest.address(0), high = seen.guest.address(seen.guest.space->pages());
  std::uint64_t of_guest = 0, of_area = 0;
  for (const MappedRange& range : maps) {
    CAPTURE(range.file);
    CAPTURE(range.low);
    if (range.low >= low && range.high <= high) {
      CHECK(range.file == "/memfd:pvisor-ram (deleted)");
      of_guest += range.high - range.low;
    } else if (range.low == kAreaAddress) {
      CHECK(range.file == "/memfd:pvisor-vcpu-area (deleted)");
      CHECK(range.rights == "rw-s");
      of_area += range.high - range.low;
    } else {
      CHECK(range.low >= kStubAddress);
      CHECK(range.high <= kAreaAddress);
      CHECK((range.file.empty() || range.file == "/memfd:pvisor-vcpu (deleted)"));
      CHECK((range.rights == "r-xp" || range.rights == "rw-p"));
    }
  }
  CHECK(of_guest == high - low);
  CHECK(of_area == kAreaBytes);
}

TEST_CASE("a vCPU's process has two descriptors, no environment, and one word as its arguments") {
  Seen seen;
  CHECK(text_of(seen.pid, "environ").empty());
  if (::geteuid() != 0) {
    MESSAGE("not run: only root sees its descriptors");
    return;
  }
  CHECK(descriptors_of(seen.pid) == std::set<int>{kRamFd, kDoorbellFd});
  ProcessGuest owner(seen.processes);
  REQUIRE(seen.guest.space->map_foreign(ProcessGuest::kFree, *owner.space, ProcessGuest::kFree, FrameAccess::ReadWrite));
  CHECK(seen.guest.gate(SYS_getpid) == ProcessGuest::kRefused);
  CHECK(descriptors_of(seen.pid) == std::set<int>{kRamFd, kDoorbellFd, kPageFd});
}

TEST_CASE("a vCPU's process has one thread under both filters, gains no rights, and is the first to go when memory runs out") {
  const Seen seen;
  auto status = status_of(seen.pid);
  CHECK(status["Seccomp"] == "2");
  if (status.contains("Seccomp_filters")) CHECK(std::stoi(status["Seccomp_filters"]) >= 2);
  CHECK(status["NoNewPrivs"] == "1");
  CHECK(status["Threads"] == "1");
  for (const char* rights : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    CAPTURE(rights);
    CHECK(status[rights] == "0000000000000000");
  }
  CHECK(text_of(seen.pid, "oom_score_adj") == "1000\n");
}

TEST_CASE("a vCPU's process that crashes writes no core") {
  const Seen seen;
  std::istringstream limits(text_of(seen.pid, "limits"));
  int found = 0;
  for (std::string line; std::getline(limits, line);) {
    for (const char* name : {"Max core file size", "Max file size"}) {
      if (!line.starts_with(name)) continue;
      ++found;
      std::istringstream values(line.substr(std::string(name).size()));
      std::string soft, hard;
      values >> soft >> hard;
      CHECK(soft == "0");
      CHECK(hard == "0");
    }
  }
  CHECK(found == 2);
}

TEST_CASE("a vCPU's process is in namespaces of its own where the host allows them") {
  Seen seen;
  if (!seen.processes.try_one().namespaces) {
    MESSAGE("not run: the host allows none");
    return;
  }
  if (::geteuid() != 0) {
    MESSAGE("not run: only root sees them");
    return;
  }
  for (const char* kind : {"ns/user", "ns/pid", "ns/net", "ns/mnt", "ns/ipc"}) {
    CAPTURE(kind);
    std::error_code error;
    const auto theirs = std::filesystem::read_symlink(path_of(seen.pid, kind), error);
    CHECK(!error);
    CHECK(theirs != std::filesystem::read_symlink(path_of(::getpid(), kind)));
  }
}

TEST_CASE("the host kernel has no list of locks of a vCPU's process that it would write to") {
  const Seen seen;
  void* head = nullptr;
  std::size_t bytes = 0;
  if (::syscall(SYS_get_robust_list, seen.pid, &head, &bytes) != 0) {
    MESSAGE("not run: only root may ask");
    return;
  }
  CHECK(head == nullptr);
}
