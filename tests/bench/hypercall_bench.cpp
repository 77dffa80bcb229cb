// SPDX-License-Identifier: MIT
// Hypercalls through everything they pass in a real run: hypercall page, shim, engine, Exit, table, and back. The loop is the
// monitor's own turn.
#include <benchmark/benchmark.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/host_error.hpp"
#include "builder/domain_builder.hpp"
#include "core/monitor.hpp"
#include "engine/registry.hpp"
#include "floors.hpp"
#include "steady_clock.hpp"

namespace pvisor::bench {

namespace {

constexpr std::uint32_t kBatch = 4096;  // as in the guest

/// The guest marks each batch of calls by one byte of console_io.
struct CountingHooks final : MonitorHooks {
  std::optional<DomainImage> build_chainload(Domain&, const ChainloadRequest&, std::string&) override { return std::nullopt; }
  std::string crash_report(Domain&, const Vcpu&, const std::string& reason) override { return reason; }
  void console_io_write(Domain&, std::string_view) override { ++batches; }
  std::uint64_t batches = 0;
};

std::vector<char> read_guest(const std::string& name) {
  std::ifstream file(std::string(PVISOR_GUESTS) + "/" + name + ".elf", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A monitor with one guest that makes calls for ever.
class CallingGuest {
 public:
  CallingGuest(std::string_view engine_name, const std::string& kind)
      : engine_(make_engine(engine_name)), monitor_(clock_, hooks_), kernel_(read_guest("hypercall-loop")) {
    domain_ = &monitor_.create_domain("bench", *engine_);
    BuildSpec spec;
    spec.kernel = std::as_bytes(std::span(kernel_));
    spec.kernel_name = "hypercall-loop.elf";
    spec.cmdline = kind;
    spec.memory_mib = 16;
    domain_->install(build_domain(*engine_, spec));
    turn();  // past its start-up
  }
  void turn() { monitor_.turn(); }
  [[nodiscard]] bool is_alive() const { return !domain_->ended(); }
  [[nodiscard]] std::uint64_t batches() const { return hooks_.batches; }

 private:
  SteadyClock clock_;
  CountingHooks hooks_;
  std::unique_ptr<Engine> engine_;
  Monitor monitor_;
  std::vector<char> kernel_;
  Domain* domain_ = nullptr;
};

/// Runs a guest that makes calls of one kind: their time each, and against the floor.
void measure(benchmark::State& state, std::string_view engine, const std::string& kind, double floor_ns) {
  using Time = std::chrono::steady_clock;
  CallingGuest guest(engine, kind);
  const std::uint64_t before = guest.batches();
  const auto begin = Time::now();
  for (auto _ : state) guest.turn();
  const double ns = std::chrono::duration<double, std::nano>(Time::now() - begin).count();
  if (!guest.is_alive()) return state.SkipWithError("the guest died");
  const double each = ns / static_cast<double>((guest.batches() - before) * kBatch);
  state.counters["ns_per_call"] = each;
  state.counters["floor_ns"] = floor_ns;
  state.counters["x_floor"] = each / floor_ns;
}

void null_remote(benchmark::State& state, std::string_view engine) { measure(state, engine, "remote", boost_round_trip_ns()); }
void null_local(benchmark::State& state, std::string_view engine) { measure(state, engine, "local", indirect_call_ns()); }

BENCHMARK_CAPTURE(null_remote, fiber, "fiber")->Name("hypercall_null_remote/fiber");
BENCHMARK_CAPTURE(null_local, fiber, "fiber")->Name("hypercall_null_local/fiber");

}  // namespace

}  // namespace pvisor::bench
