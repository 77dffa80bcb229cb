// SPDX-License-Identifier: MIT
// Toolstack: making everything, the loop, and the ways out. The life of a guest is in toolstack_domains.cpp.
#include "control/toolstack.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/exit_status.hpp"
#include "control/report.hpp"
#include "engine/registry.hpp"

namespace pvisor {

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
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
    case VcpuState::Paused: return "paused";
    case VcpuState::Down: return "down";
  }
  return "lost";
}

}  // namespace

Toolstack::Toolstack(RunPlan plan)
    : terminal_(STDIN_FILENO),
      log_(write_to_stderr, [this] { return clock_.now_ns(); }),
      signals_(reactor_, {[this](int) { quit(kExitInterrupted); }, [this] { terminal_.restore(); },
                          [this] {
                            // Output may have been stopped and the terminal changed by the shell meanwhile.
                            const bool raw = terminal_.enter_raw();
                            for (auto& hosted : hosted_) {
                              if (hosted.input && terminal_.is_terminal()) raw ? hosted.input->resume() : hosted.input->pause();
                            }
                          }}),
      io_(make_block_io(reactor_)),
      monitor_(clock_, *this),
      store_events_(store_, monitor_.work()),
      stdout_sink_(reactor_, STDOUT_FILENO, [this](const std::string& line) { log_.line(line); }),
      time_limit_(monitor_.timers(), [this] { time_limit(); }),
      clock_timer_(monitor_.timers(), [this] { refine_clock(); }),
      clock_interval_ns_(kFirstRefinementNs),
      timeout_ns_(plan.timeout_ns) {
  const bool several = plan.domains.size() > 1;
  if (several) stdout_lines_ = std::make_unique<LineMux>(stdout_sink_);
  for (DomainSpec& spec : plan.domains) {
    HostedDomain& hosted = hosted_.emplace_back();
    hosted.spec = std::move(spec);
    hosted.engine = &engine_for(hosted.spec.engine);
    open_console(hosted, several);
    open_disks(hosted);
  }
}

Toolstack::~Toolstack() {
  for (HostedDomain& hosted : hosted_) destroy(hosted);
  hosted_.clear();
}

Engine& Toolstack::engine_for(const std::string& name) {
  std::unique_ptr<Engine>& engine = engines_[name];
  if (engine) return *engine;
  engine = make_engine(name);
  if (!engine) throw HostError::usage(fmt::format("unknown engine '{}'", escaped(name, 64)));
  // Only to wake up: the monitor's turn collects the exits.
  if (engine->exit_fd() >= 0) engine_watches_.push_back(reactor_.watch(engine->exit_fd(), EPOLLIN, [](std::uint32_t) {}));
  return *engine;
}

void Toolstack::open_console(HostedDomain& hosted, bool several) {
  const auto log = [this, name = hosted.spec.name](const std::string& line) { log_.line(fmt::format("domain {}: {}", name, line)); };
  if (!hosted.spec.console.file.empty()) {
    hosted.own_sink = std::make_unique<FileSink>(hosted.spec.console.file, log);
  } else if (several) {
    hosted.own_sink = std::make_unique<PrefixSink>(*stdout_lines_, hosted.spec.name, monitor_.timers(),
                                                   [this] { return clock_.now_ns(); });
  }
  ConsoleSink& sink = hosted.own_sink ? *hosted.own_sink : stdout_sink_;
  hosted.console = std::make_unique<Console>(sink, log);
}

void Toolstack::open_disks(HostedDomain& hosted) {
  for (const DiskSpec& disk : hosted.spec.disks) {
    auto image = DiskImage::open(disk.path, disk.read_only ? DiskAccess::ReadOnly : DiskAccess::ReadWrite);
    if (!image->note().empty()) log_.line(escaped(image->note(), 512));
    hosted.images.push_back(std::move(image));
  }
}

/// The first domain on standard output is the one that is typed to.
HostedDomain* Toolstack::keyboard_owner() {
  const auto first = std::find_if(hosted_.begin(), hosted_.end(), [](const HostedDomain& h) { return h.spec.console.file.empty(); });
  return first == hosted_.end() || ::fcntl(STDIN_FILENO, F_GETFD) < 0 ? nullptr : &*first;
}

bool Toolstack::is_interactive(const HostedDomain& hosted) { return terminal_.is_terminal() && &hosted == keyboard_owner(); }

void Toolstack::connect_input() {
  HostedDomain* first = keyboard_owner();
  if (first == nullptr) return;
  const bool raw = terminal_.enter_raw();
  if (raw) log_.line("Ctrl-] leaves");
  const auto escape = terminal_.is_terminal() ? std::optional(kEscapeKey) : std::nullopt;
  first->input = std::make_unique<ConsoleInput>(reactor_, monitor_.work(), STDIN_FILENO, *first->console, escape,
                                                [this] { quit(kExitInterrupted); });
  if (terminal_.is_terminal() && !raw) first->input->pause();
}

void Toolstack::warn_if_root() {
  if (::geteuid() != 0) return;
  for (const auto& [name, engine] : engines_) {
    if (engine->traits().isolates_memory) continue;
    log_.line(fmt::format("running as root, and the {} engine contains nothing that a guest does: start only guests you trust", name));
  }
}

int Toolstack::run() {
  clock_.refine(clock_interval_ns_);
  clock_timer_.arm(clock_.now_ns() + clock_interval_ns_);
  for (HostedDomain& hosted : hosted_) start(hosted);
  warn_if_root();
  connect_input();
  if (timeout_ns_) time_limit_.arm(clock_.now_ns() + *timeout_ns_);
  while (!all_over() && !is_quitting_) turn();
  for (HostedDomain& hosted : hosted_) destroy(hosted);
  drain_consoles();
  terminal_.restore();
  return status_;
}

void Toolstack::turn() {
  const bool more = monitor_.turn();
  for (HostedDomain& hosted : hosted_) settle(hosted);
  if (all_over() || is_quitting_) return;
  reactor_.wait(more || !monitor_.work().empty() ? std::optional<std::uint64_t>(0) : time_left());
}

/// What guests said last goes out, however slow the reader is; but who wants to leave is not kept.
void Toolstack::drain_consoles() {
  for (HostedDomain& hosted : hosted_) hosted.console->finish();
  const auto is_drained = [this] {
    return std::all_of(hosted_.begin(), hosted_.end(), [](const HostedDomain& h) { return h.console->is_drained(); });
  };
  bool in_time = true;
  Timer patience(monitor_.timers(), [&in_time] { in_time = false; });
  while (!is_drained() && in_time) {
    if (is_quitting_ && !patience.is_armed()) patience.arm(clock_.now_ns() + kLastWordsNs);
    const bool more = monitor_.turn();
    if (!is_drained() && in_time) reactor_.wait(more ? std::optional<std::uint64_t>(0) : time_left());
  }
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
  if (!clock_.refine(clock_interval_ns_)) return;
  monitor_.for_each_domain([this](Domain& domain) {
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
