// SPDX-License-Identifier: MIT
// Toolstack: making everything, the loop, and the ways out. The life of a guest is in toolstack_domains.cpp.
#include "control/toolstack.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/exit_status.hpp"
#include "control/host_file.hpp"
#include "control/report.hpp"
#include "control/wait_graph.hpp"
#include "devices/io/virtual_io.hpp"
#include "engine/registry.hpp"

namespace pvisor {

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
/// When deterministic runs begin: 2001-09-09 01:46:40 UTC.
constexpr std::uint64_t kVirtualEpochNs = 1'000'000'000'000'000'000;
/// A deadline so late (292 years) is how guests say "no deadline".
constexpr std::uint64_t kNeverNs = std::uint64_t{1} << 63;
/// How long output may take to go out when somebody wants to leave.
constexpr std::uint64_t kLastWordsNs = 500 * kMillisecond;
constexpr std::uint64_t kFirstRefinementNs = 10 * kMillisecond;
constexpr std::uint64_t kLastRefinementNs = 10'000 * kMillisecond;

void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t got = ::write(STDERR_FILENO, text.data(), text.size());
    if (got <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(got));
  }
}

std::string_view state_word(VcpuState state) {
  switch (state) {
    case VcpuState::Runnable: return "waiting for the CPU";
    case VcpuState::Running: return "running";
    case VcpuState::InHypercall: return "in a hypercall";
    case VcpuState::Blocked: return "blocked";
    case VcpuState::Down: return "down";
  }
  return "lost";
}

}  // namespace

Toolstack::Toolstack(RunPlan plan)
    : root_(plan.image_root.empty() ? FileRoot() : FileRoot(plan.image_root)),
      clock_(choose_clock(plan.seed)),
      log_(write_to_stderr, [this] { return clock_.now_ns(); }),
      signals_(reactor_, {[this](int) { quit(kExitInterrupted); }, [this] { before_stop(); }, [this] { continued(); }}),
      engines_(make_engines(plan.domains)),
      monitor_(clock_, *this),
      store_events_(store_, monitor_.work()),
      consoles_(console_world(), plan.domains.size() > 1),
      networks_({reactor_, monitor_.work(), monitor_.timers(), clock_, log_, root_}),
      time_limit_(monitor_.timers(), [this] { time_limit(); }),
      clock_timer_(monitor_.timers(), [this] { refine_clock(); }),
      clock_interval_ns_(kFirstRefinementNs),
      timeout_ns_(plan.timeout_ns),
      tells_statistics_(plan.statistics) {
  if (director_) monitor_.set_director(&*director_);
  for (const auto& [name, engine] : engines_) engine_watches_.push_back(std::make_unique<EngineWatch>(reactor_, *engine));
  for (DomainSpec& spec : plan.domains) {
    HostedDomain& hosted = hosted_.emplace_back();
    hosted.spec = std::move(spec);
    hosted.engine = engines_.at(hosted.spec.engine).get();
    hosted.console = &consoles_.open(hosted.spec);
    open_files(hosted);
    open_disks(hosted);
    open_interfaces(hosted);
  }
  if (!plan.is_unconfined) confinement_ = needs_of(hosted_, root_);
}

Clock& Toolstack::choose_clock(const std::optional<std::uint64_t>& seed) {
  if (!seed) return real_clock_;
  virtual_clock_.emplace(kVirtualEpochNs);
  director_.emplace(*seed, *virtual_clock_);
  return *virtual_clock_;
}

std::unique_ptr<BlockIo> Toolstack::choose_io() {
  if (!director_) return make_block_io(reactor_);
  return std::make_unique<VirtualIo>(
      monitor_.timers(), clock_,
      VirtualIo::Choices{[this] { return director_->io_delay_ns(); },
                         [this](const IoRequest& request, std::int64_t result) {
                           director_->io_completed(static_cast<std::uint64_t>(request.kind), request.offset, result);
                         }});
}

Consoles::World Toolstack::console_world() {
  Consoles::World world{reactor_, monitor_.work(), monitor_.timers(), [this] { return clock_.now_ns(); }, log_, root_,
                        [this] { quit(kExitInterrupted); }, {}};
  if (!director_) return world;
  world.tell = [this](const Console& console, std::span<const std::byte> bytes) {
    const auto found = std::find_if(hosted_.begin(), hosted_.end(), [&](const HostedDomain& h) { return h.console == &console; });
    director_->console_bytes(found != hosted_.end() && found->id ? *found->id : kMonitorDomain, bytes);
  };
  return world;
}

Toolstack::~Toolstack() {
  for (HostedDomain& hosted : hosted_) destroy(hosted);
  hosted_.clear();
}

/// Before there is any thread: an engine may fork.
Toolstack::Engines Toolstack::make_engines(std::span<const DomainSpec> domains) {
  Engines engines;
  for (const DomainSpec& spec : domains) {
    std::unique_ptr<Engine>& engine = engines[spec.engine];
    if (engine) continue;
    engine = make_engine(spec.engine, {virtual_clock_ ? virtual_clock_->word() : nullptr});
    if (!engine) throw HostError::usage(fmt::format("unknown engine '{}'", escaped(spec.engine, 64)));
    if (director_ && !engine->traits().deterministic) {
      throw HostError::usage(fmt::format("--deterministic: the {} engine cannot repeat a run; use --engine fiber", spec.engine));
    }
  }
  return engines;
}

void Toolstack::open_files(HostedDomain& hosted) {
  const DomainSpec& spec = hosted.spec;
  const bool is_own_loader = spec.kernel.empty();
  hosted.kernel.emplace(is_own_loader ? find_own_loader() : spec.kernel, spec.bootloader ? "loader" : "kernel",
                        is_own_loader ? FileRoot::whole() : root_);
  if (!spec.ramdisk.empty()) hosted.ramdisk.emplace(spec.ramdisk, spec.bootloader ? "menu" : "ramdisk", root_);
}

void Toolstack::open_disks(HostedDomain& hosted) {
  for (const DiskSpec& disk : hosted.spec.disks) {
    const DiskAccess access = disk.read_only ? DiskAccess::ReadOnly : disk.shared ? DiskAccess::SharedReadWrite : DiskAccess::ReadWrite;
    auto image = DiskImage::open(disk.path, access, root_, disk.tuning);
    if (!image->note().empty()) log_.line(escaped(image->note(), 512));
    hosted.images.push_back(std::move(image));
  }
}

void Toolstack::open_interfaces(HostedDomain& hosted) {
  for (const NetSpec& net : hosted.spec.nets) hosted.interfaces.push_back(networks_.open(net));
}

void Toolstack::warn_if_root() {
  if (::geteuid() != 0) return;
  for (const auto& [name, engine] : engines_) {
    if (engine->traits().isolates_memory) continue;
    log_.line(fmt::format("running as root, and the {} engine contains nothing that a guest does: start only guests you trust", name));
  }
}

int Toolstack::run() {
  if (!virtual_clock_) {
    real_clock_.refine(clock_interval_ns_);
    clock_timer_.arm(clock_.now_ns() + clock_interval_ns_);
  }
  confine();
  for (HostedDomain& hosted : hosted_) start(hosted);
  warn_if_root();
  consoles_.listen();
  descriptors_at_start_ = descriptors_.count();
  if (timeout_ns_) time_limit_.arm(clock_.now_ns() + *timeout_ns_);
  while (!all_over() && !is_quitting_) turn();
  for (HostedDomain& hosted : hosted_) destroy(hosted);
  const std::string hash = hash_line();  // what follows is the host's time again
  drain_consoles();
  consoles_.restore();
  if (tells_statistics_) tell_statistics();
  if (must_check_leftovers()) check_leftovers();
  if (!hash.empty()) log_.text(hash);
  return status_;
}

/// All is open that needs a name. Threads of the I/O begin without rights, too; an io_uring can be made only before the filter.
void Toolstack::confine() {
  if (confinement_) give_up_rights(*confinement_);
  io_ = choose_io();
  if (confinement_) filter_calls(*confinement_);
}

void Toolstack::tell_statistics() {
  for (const HostedDomain& hosted : hosted_) {
    if (hosted.loaded_ns) {
      const double milliseconds = static_cast<double>(*hosted.loaded_ns) / 1e6;
      log_.line(fmt::format("domain {}: loader: {:.3f} ms from its first instruction to the kernel's", hosted.spec.name, milliseconds));
    }
    for (std::size_t i = 0; i < hosted.images.size(); ++i) {
      log_.line(fmt::format("domain {}: disk {}: {}", hosted.spec.name, hosted.spec.disks[i].vdev, hosted.images[i]->statistics().to_string()));
    }
    for (std::size_t i = 0; i < hosted.interfaces.size(); ++i) {
      log_.line(fmt::format("domain {}: interface {}: {}", hosted.spec.name, i, hosted.interfaces[i]->statistics().to_string()));
    }
  }
}

void Toolstack::turn() {
  const bool more = monitor_.turn();
  for (HostedDomain& hosted : hosted_) settle(hosted);
  if (all_over() || is_quitting_) return;
  if (virtual_clock_) return wait_in_virtual_time(more || monitor_.scheduler().runnable() > 0 || !monitor_.work().empty());
  reactor_.wait(more || !monitor_.work().empty() ? std::optional<std::uint64_t>(0) : time_left());
}

/// Real time passes only where guests cannot see it: until their output has gone out, and to hear whether somebody wants to leave.
void Toolstack::wait_in_virtual_time(bool more) {
  reactor_.wait(0);
  while (consoles_.are_held() && !is_quitting_) reactor_.wait(std::nullopt);
  if (more || is_quitting_) return;
  // The time limit is no reason to go on: it would only hide that nothing can happen any more.
  const bool is_dead = monitor_.timers().count_before(kNeverNs) == (time_limit_.is_armed() ? 1U : 0U);
  if (is_dead) return end_of_virtual_time();
  virtual_clock_->jump_to(*monitor_.next_deadline());
}

/// Nothing can happen any more.
void Toolstack::end_of_virtual_time() {
  is_quitting_ = true;
  if (std::all_of(hosted_.begin(), hosted_.end(), [](const HostedDomain& h) { return h.is_over; })) return;  // preserved ones
  log_.text(wait_graph(monitor_));
  if (status_ == 0) status_ = kExitGuestCrash;
}

/// Empty in an ordinary run.
std::string Toolstack::hash_line() const {
  if (!director_) return {};
  return fmt::format("deterministic: seed {}, hash {:016x}, {} exits, {:.6f} s\n", director_->seed(), director_->hash(),
                     director_->exits(), static_cast<double>(clock_.now_ns()) / 1e9);
}

/// What guests said last goes out, however slow the reader is; but who wants to leave is not kept.
void Toolstack::drain_consoles() {
  consoles_.finish();
  bool in_time = true;
  Timer patience(monitor_.timers(), [&in_time] { in_time = false; });
  while (!consoles_.are_drained() && in_time) {
    if (is_quitting_ && !patience.is_armed()) patience.arm(clock_.now_ns() + kLastWordsNs);
    const bool more = monitor_.turn();
    if (consoles_.are_drained() || !in_time) return;
    reactor_.wait(more ? std::optional<std::uint64_t>(0) : time_left());
    if (const auto deadline = monitor_.next_deadline(); virtual_clock_ && deadline) virtual_clock_->jump_to(*deadline);
  }
}

/// Vcpus may run in processes of their own, which a stopped monitor would leave running.
void Toolstack::before_stop() {
  monitor_.for_each_domain([](Domain& domain) { domain.pause(); });
  consoles_.before_stop();
}

void Toolstack::continued() {
  consoles_.continued();
  monitor_.for_each_domain([](Domain& domain) { domain.unpause(); });
}

void Toolstack::quit(int status) {
  if (is_quitting_) return;
  is_quitting_ = true;
  status_ = status;
}

void Toolstack::time_limit() {
  for (HostedDomain& hosted : hosted_) {
    Domain* domain = hosted.id ? monitor_.find(*hosted.id) : nullptr;
    if (domain == nullptr || hosted.is_over) continue;
    for (std::uint32_t index = 0; index < domain->vcpu_count(); ++index) {
      Vcpu& vcpu = *domain->vcpu(VcpuId{index});
      if (!vcpu.is_initialised()) continue;
      const VcpuState state = vcpu.is_up ? vcpu.state : VcpuState::Down;
      (void)vcpu.context->stop();
      const pv_cpu_user_regs regs = vcpu.context->registers();
      const ReportSubject subject{domain->name(), index, domain->memory(), regs, domain->image().symbols.get()};
      log_.text("time limit: " + where_report(subject, state_word(state)));
    }
  }
  quit(kExitTimeLimit);
}

void Toolstack::refine_clock() {
  clock_interval_ns_ = std::min(clock_interval_ns_ * 10, kLastRefinementNs);
  clock_timer_.arm(clock_.now_ns() + clock_interval_ns_);
  if (!real_clock_.refine(clock_interval_ns_)) return;
  monitor_.for_each_domain([](Domain& domain) {
    if (!domain.is_installed()) return;
    for (std::uint32_t index = 0; index < domain.vcpu_count(); ++index) {
      domain.publish_time(*domain.vcpu(VcpuId{index}));
    }
  });
}

std::optional<std::uint64_t> Toolstack::time_left() const {
  const auto deadline = monitor_.next_deadline();
  if (!deadline) return std::nullopt;
  const std::uint64_t now = clock_.now_ns();
  return *deadline > now ? *deadline - now : 0;
}

bool Toolstack::all_over() const {
  return std::all_of(hosted_.begin(), hosted_.end(), [](const HostedDomain& h) { return h.is_over && !h.is_preserved; });
}

HostedDomain* Toolstack::hosted_of(const Domain& domain) {
  const auto found = std::find_if(hosted_.begin(), hosted_.end(), [&](const HostedDomain& h) { return h.id == domain.id(); });
  return found == hosted_.end() ? nullptr : &*found;
}

}  // namespace pvisor
