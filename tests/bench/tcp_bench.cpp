// SPDX-License-Identifier: MIT
// TCP of a guest, by lwIP: curl fetches a large file from examples/httpd, through the host's own sockets (--net user).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "child.hpp"
#include "scratch.hpp"

namespace pvisor::bench {

namespace {

const std::string kPvisor = PVISOR_PROGRAM;
const std::string kServer = std::string(PVISOR_GUESTS) + "/httpd.elf";
constexpr std::size_t kFileMib = 64;

/// A port of 127.0.0.1 that nobody has at this moment.
int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), plain, size) != 0 || ::getsockname(socket.get(), plain, &size) != 0) return 0;
  return ntohs(address.sin_port);
}

bool make_disk(const Scratch& scratch) {
  const std::filesystem::path tree = scratch.file("tree");
  std::filesystem::create_directories(tree);
  std::ofstream file(tree / "large", std::ios::binary);
  const std::vector<char> mebibyte(1 << 20, 'x');
  for (std::size_t i = 0; i < kFileMib; ++i) file.write(mebibyte.data(), static_cast<std::streamsize>(mebibyte.size()));
  file.close();
  ::setenv("PATH", (std::string(std::getenv("PATH")) + ":/sbin:/usr/sbin").c_str(), 1);
  return run_child({"mke2fs", "-q", "-t", "ext4", "-d", tree, scratch.file("www.img"), "96M"}).status == 0;
}

/// Bytes a second of one download; 0 if it failed. The guest says when it serves, and ends itself after one answer.
double download(const std::string& engine, const std::string& disk) {
  const std::string port = std::to_string(free_port());
  const std::string server = kPvisor + " run " + kServer + " --engine " + engine + " --disk " + disk + ",ro --net user,hostfwd=tcp::" + port +
                             "-:80 -- requests=1";
  const std::string client = "curl -sf -o /dev/null -w 'speed %{speed_download}\\n' http://127.0.0.1:" + port + "/large";
  const ChildResult child = run_child({"/bin/sh", "-c", server + " | while read -r line; do case $line in serving*) " + client + ";; esac; done"});
  const auto at = child.output.find("speed ");
  return at == std::string::npos ? 0 : std::strtod(child.output.c_str() + at + 6, nullptr);
}

void lwip_download(benchmark::State& state, const std::string& engine) {
  if (!std::filesystem::exists(kServer)) return state.SkipWithError("built without lwIP: scripts/get-lwip.sh build/lwip");
  const Scratch scratch;
  if (!make_disk(scratch)) return state.SkipWithError("mke2fs does not work here");
  double total = 0;
  for (auto _ : state) {
    const double speed = download(engine, scratch.file("www.img"));
    if (speed == 0) return state.SkipWithError("nothing was downloaded: is curl there?");
    state.SetIterationTime(static_cast<double>(kFileMib << 20) / speed);
    total += speed;
  }
  state.counters["MB_per_s"] = total / static_cast<double>(state.iterations()) * 1e-6;
}
BENCHMARK_CAPTURE(lwip_download, fiber, "fiber")->Name("net_lwip_download/fiber")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK_CAPTURE(lwip_download, process, "process")->Name("net_lwip_download/process")->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace

}  // namespace pvisor::bench
