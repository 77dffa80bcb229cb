// SPDX-License-Identifier: MIT
// A monitor with guests of tests/bench/guests in it, and nothing else: no xenstore, no devices. The benchmark turns it.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builder/domain_builder.hpp"
#include "control/engine_watch.hpp"
#include "core/monitor.hpp"
#include "engine/registry.hpp"
#include "steady_clock.hpp"

namespace pvisor::bench {

/// The guests mark each batch of what they do by one byte of console_io.
struct CountingHooks final : MonitorHooks {
  std::optional<DomainImage> build_chainload(Domain&, const ChainloadRequest&, std::string&) override { return std::nullopt; }
  std::string crash_report(Domain&, const Vcpu&, const std::string& reason) override { return reason; }
  void console_io_write(Domain&, std::string_view) override { ++batches; }
  std::uint64_t batches = 0;
};

class BenchMonitor {
 public:
  explicit BenchMonitor(std::string_view engine) : engine_(make_engine(engine)), watch_(reactor_, *engine_), monitor_(clock_, hooks_) {}

  void add_guest(const std::string& elf, const std::string& cmdline) {
    std::ifstream file(std::string(PVISOR_GUESTS) + "/" + elf + ".elf", std::ios::binary);
    const std::vector<char> kernel{std::istreambuf_iterator<char>(file), {}};
    BuildSpec spec;
    spec.kernel = std::as_bytes(std::span(kernel));
    spec.kernel_name = elf + ".elf";
    spec.cmdline = cmdline;
    spec.memory_mib = 16;
    domains_.push_back(&monitor_.create_domain(elf, *engine_));
    domains_.back()->install(build_domain(*engine_, spec));
  }

  /// As the program's loop turns it.
  void turn() {
    const bool more = monitor_.turn();
    if (engine_->traits().asynchronous) reactor_.wait(more ? std::optional<std::uint64_t>(0) : std::nullopt);
  }
  [[nodiscard]] std::uint64_t batches() const { return hooks_.batches; }
  [[nodiscard]] bool all_alive() const {
    for (const Domain* domain : domains_) {
      if (domain->ended()) return false;
    }
    return true;
  }

 private:
  SteadyClock clock_;
  CountingHooks hooks_;
  Reactor reactor_;
  std::unique_ptr<Engine> engine_;
  EngineWatch watch_;
  Monitor monitor_;
  std::vector<Domain*> domains_;
};

}  // namespace pvisor::bench
