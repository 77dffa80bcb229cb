// SPDX-License-Identifier: MIT
// Toolstack: the composition root. Makes the reactor, the clock, the store, engines and devices, starts the domains of a plan,
// serves them until all have ended, and says with which exit status.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_root.hpp"
#include "base/reactor.hpp"
#include "builder/domain_builder.hpp"
#include "control/confinement.hpp"
#include "control/consoles.hpp"
#include "control/domain_spec.hpp"
#include "control/engine_watch.hpp"
#include "control/hosted_domain.hpp"
#include "control/leftovers.hpp"
#include "control/log.hpp"
#include "control/networks.hpp"
#include "control/real_clock.hpp"
#include "control/signals.hpp"
#include "core/monitor.hpp"
#include "core/seeded_director.hpp"
#include "core/virtual_clock.hpp"
#include "devices/block/block_backend.hpp"
#include "devices/io/block_io.hpp"
#include "devices/ring_pages.hpp"
#include "xenstore/service.hpp"
#include "xenstore/store.hpp"

namespace pvisor {

class Toolstack final : private MonitorHooks {
 public:
  /// Opens what the plan names; nothing runs yet. Throws HostError.
  explicit Toolstack(RunPlan plan);
  ~Toolstack() override;
  Toolstack(const Toolstack&) = delete;
  Toolstack& operator=(const Toolstack&) = delete;

  /// Starts the domains, serves them and answers the exit status. Throws HostError if one cannot be started.
  [[nodiscard]] int run();

 private:
  // MonitorHooks
  std::optional<DomainImage> build_chainload(Domain& domain, const ChainloadRequest& request, std::string& reason) override;
  void chainloaded(Domain& domain) override;
  std::string crash_report(Domain& domain, const Vcpu& vcpu, const std::string& reason) override;
  void console_io_write(Domain& domain, std::string_view text) override;

  // Setting up
  [[nodiscard]] Clock& choose_clock(const std::optional<std::uint64_t>& seed);
  [[nodiscard]] Consoles::World console_world();
  [[nodiscard]] std::unique_ptr<BlockIo> choose_io();
  using Engines = std::map<std::string, std::unique_ptr<Engine>>;
  [[nodiscard]] Engines make_engines(std::span<const DomainSpec> domains);
  void open_files(HostedDomain& hosted);
  void open_disks(HostedDomain& hosted);
  void open_interfaces(HostedDomain& hosted);
  void warn_if_root();

  // The life of a guest
  void start(HostedDomain& hosted);
  [[nodiscard]] DomainImage build(const HostedDomain& hosted);
  void add_devices(HostedDomain& hosted, Domain& domain);
  void destroy(HostedDomain& hosted);
  void settle(HostedDomain& hosted);
  [[nodiscard]] int report_end(const HostedDomain& hosted, const DomainEnd& end);
  void restart(HostedDomain& hosted);
  void finish(HostedDomain& hosted, int status);

  // The loop
  void confine();
  void turn();
  void wait_in_virtual_time(bool more);
  void end_of_virtual_time();
  [[nodiscard]] std::string hash_line() const;
  void check_leftovers();
  [[nodiscard]] Leftovers count_leftovers();
  void tell_statistics();
  void drain_consoles();
  void time_limit();
  void before_stop();
  void continued();
  void quit(int status);
  void refine_clock();
  [[nodiscard]] std::optional<std::uint64_t> time_left() const;
  [[nodiscard]] bool all_over() const;
  HostedDomain* hosted_of(const Domain& domain);

  FileRoot root_;
  Reactor reactor_;
  RealClock real_clock_;
  std::optional<VirtualClock> virtual_clock_;  ///< in a deterministic run, with the next
  std::optional<SeededDirector> director_;
  Clock& clock_;
  Log log_;
  ProcessSignals signals_;
  Store store_;
  RingPages ring_pages_;
  Engines engines_;
  std::vector<std::unique_ptr<EngineWatch>> engine_watches_;
  Monitor monitor_;
  std::unique_ptr<BlockIo> io_;
  StoreEventPump store_events_;
  Consoles consoles_;
  Networks networks_;
  std::vector<HostedDomain> hosted_;
  Timer time_limit_;
  Timer clock_timer_;
  std::uint64_t clock_interval_ns_;
  std::optional<std::uint64_t> timeout_ns_;
  bool tells_statistics_;
  RamRoll rams_;
  std::optional<ConfinementNeeds> confinement_;  ///< none: --debug-unconfined
  OpenDescriptors descriptors_;
  std::size_t descriptors_at_start_ = 0;
  int status_ = 0;                 ///< the first that is not 0
  bool is_quitting_ = false;       ///< somebody wants out now
};

}  // namespace pvisor
