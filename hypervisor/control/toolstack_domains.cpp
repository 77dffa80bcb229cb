// SPDX-License-Identifier: MIT
// Toolstack: the life of a guest, from its kernel's file to its end, and what the core asks for meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/escape.hpp"
#include "base/host_error.hpp"
#include "control/exit_status.hpp"
#include "control/host_file.hpp"
#include "control/report.hpp"
#include "control/store_home.hpp"
#include "control/toolstack.hpp"
#include "devices/net/net_backend.hpp"

namespace pvisor {

namespace {

/// A guest that crashes sooner would crash for ever.
constexpr std::uint64_t kMinLifeNs = 1'000'000'000;

EndAction action_for(const DomainSpec& spec, DomainEnd::Kind kind) {
  switch (kind) {
    case DomainEnd::Kind::Poweroff: return spec.on_poweroff;
    case DomainEnd::Kind::Reboot: return spec.on_reboot;
    case DomainEnd::Kind::Crash:
    case DomainEnd::Kind::Watchdog: return spec.on_crash;
    case DomainEnd::Kind::Suspend:
    case DomainEnd::Kind::Killed: break;
  }
  return EndAction::Destroy;
}

}  // namespace

DomainImage Toolstack::build(const HostedDomain& hosted) {
  const DomainSpec& spec = hosted.spec;
  const auto kernel = hosted.kernel->read();
  std::vector<std::byte> ramdisk;
  if (hosted.ramdisk) ramdisk = hosted.ramdisk->read();
  BuildSpec build_spec;
  build_spec.kernel = kernel;
  build_spec.kernel_name = hosted.kernel->place() + ":";
  build_spec.ramdisk = ramdisk;
  build_spec.cmdline = spec.cmdline;
  build_spec.memory_mib = spec.memory_mib;
  build_spec.vcpus = spec.vcpus;
  return build_domain(*hosted.engine, build_spec);
}

void Toolstack::start(HostedDomain& hosted) {
  DomainImage image = build(hosted);  // before anything exists that would have to be undone
  Domain& domain = monitor_.create_domain(hosted.spec.name, *hosted.engine);
  hosted.id = domain.id();
  hosted.in_loader = hosted.spec.bootloader;
  rams_.note(image.space->ram());
  add_devices(hosted, domain);
  domain.install(std::move(image));
  hosted.started_ns = clock_.now_ns();
}

void Toolstack::add_devices(HostedDomain& hosted, Domain& domain) {
  domain.add_device(std::make_unique<XenstoreService>(store_, monitor_.work(), domain.id()));
  domain.add_device(std::make_unique<StoreHome>(store_, hosted.spec.memory_mib, consoles_.is_interactive(*hosted.console)));
  auto console = std::make_unique<ConsoleDevice>(*hosted.console, monitor_.work());
  hosted.device = console.get();
  domain.add_device(std::move(console));
  const auto log = [this, name = hosted.spec.name](const std::string& line) { log_.line(fmt::format("domain {}: {}", name, line)); };
  const BlockServices services{store_, *io_, ring_pages_, log};
  for (std::size_t i = 0; i < hosted.images.size(); ++i) {
    domain.add_device(std::make_unique<BlockBackend>(services, Vdev::parse(hosted.spec.disks[i].vdev), hosted.images[i]));
  }
  const NetServices net_services{store_, ring_pages_, networks_.room(), log};
  for (std::size_t i = 0; i < hosted.interfaces.size(); ++i) {
    domain.add_device(std::make_unique<NetBackend>(net_services, static_cast<std::uint32_t>(i), *hosted.interfaces[i]));
  }
}

void Toolstack::destroy(HostedDomain& hosted) {
  if (!hosted.id) return;
  monitor_.destroy_domain(*hosted.id);
  // Each back end has removed its own node; the domain's folder above them would stay, one more with every reboot.
  for (const std::string& kind : store_.list("/local/domain/0/backend")) {
    (void)store_.remove(fmt::format("/local/domain/0/backend/{}/{}", kind, hosted.id->value()));
  }
  hosted.device = nullptr;
  hosted.id.reset();
}

/// Looks whether the guest has ended, and does what was asked for.
void Toolstack::settle(HostedDomain& hosted) {
  const Domain* domain = hosted.id && !hosted.is_over ? monitor_.find(*hosted.id) : nullptr;
  if (domain == nullptr || !domain->ended()) return;
  const DomainEnd end = *domain->ended();
  const int status = report_end(hosted, end);
  EndAction action = action_for(hosted.spec, end.kind);
  const bool crashed = end.kind == DomainEnd::Kind::Crash || end.kind == DomainEnd::Kind::Watchdog;
  if (action == EndAction::Restart && crashed && clock_.now_ns() - hosted.started_ns < kMinLifeNs) {
    log_.line(fmt::format("domain {}: not restarted: it crashed within a second", hosted.spec.name));
    action = EndAction::Destroy;
  }
  switch (action) {
    case EndAction::Restart: return restart(hosted);
    case EndAction::Destroy: return finish(hosted, status);
    case EndAction::Preserve:
      log_.line(fmt::format("domain {}: preserved until pvisor is stopped", hosted.spec.name));
      hosted.is_preserved = true;
      hosted.is_over = true;
      if (status_ == 0) status_ = status;
      return;
  }
}

/// Tells the operator what is not a plain end; answers the exit status.
int Toolstack::report_end(const HostedDomain& hosted, const DomainEnd& end) {
  switch (end.kind) {
    case DomainEnd::Kind::Crash:
      if (hosted.in_loader && end.reason == kGuestReportedCrash) {
        // The loader said why on the console; its registers would tell nobody anything.
        log_.line(fmt::format("domain {}: boot failed: the loader's last message says why", hosted.spec.name));
        return kExitGuestCrash;
      }
      log_.text(end.report.empty() ? fmt::format("domain {} crashed: {}", hosted.spec.name, escaped(end.reason)) : end.report);
      return kExitGuestCrash;
    case DomainEnd::Kind::Watchdog:
      log_.line(fmt::format("domain {}: its watchdog fired", hosted.spec.name));
      return kExitGuestCrash;
    case DomainEnd::Kind::Suspend:
      log_.line(fmt::format("domain {}: it suspended itself, and there is nothing to resume it: ended", hosted.spec.name));
      return kExitSuccess;
    case DomainEnd::Kind::Poweroff:
      if (end.exit_code != 0 && hosted_.size() > 1) {
        log_.line(fmt::format("domain {}: ended with status {}", hosted.spec.name, end.exit_code));
      }
      return end.exit_code;
    case DomainEnd::Kind::Reboot:
    case DomainEnd::Kind::Killed: break;
  }
  return end.exit_code;
}

void Toolstack::restart(HostedDomain& hosted) {
  destroy(hosted);
  try {
    start(hosted);
  } catch (const HostError& error) {
    log_.line(fmt::format("domain {}: cannot be started again: {}", hosted.spec.name, error.what()));
    finish(hosted, kExitHostFailure);
  }
}

void Toolstack::finish(HostedDomain& hosted, int status) {
  destroy(hosted);
  consoles_.close(*hosted.console);
  hosted.is_over = true;
  if (status_ == 0) status_ = status;
}

std::optional<DomainImage> Toolstack::build_chainload(Domain& domain, const ChainloadRequest& request, std::string& reason) {
  HostedDomain* hosted = hosted_of(domain);
  BuildSpec spec;
  spec.kernel = request.kernel;
  spec.kernel_name = "kernel:";
  spec.ramdisk = request.initrd;
  spec.cmdline = request.cmdline;
  spec.memory_mib = hosted != nullptr ? hosted->spec.memory_mib : domain.memory().ram_pages() * kPageSize >> 20;
  spec.vcpus = static_cast<std::uint32_t>(domain.vcpu_count());
  spec.multiboot_modules = request.multiboot_modules;
  try {
    DomainImage image = build_domain(domain.engine(), spec);
    rams_.note(image.space->ram());
    return image;
  } catch (const HostError& error) {
    reason = error.what();
    return std::nullopt;
  }
}

void Toolstack::chainloaded(Domain& domain) {
  HostedDomain* hosted = hosted_of(domain);
  if (hosted == nullptr) return;
  if (hosted->in_loader) hosted->loaded_ns = clock_.now_ns() - hosted->started_ns;
  hosted->in_loader = false;
}

/// Precondition: all domains are destroyed.
void Toolstack::check_leftovers() {
  while (io_->in_flight() > 0 && !is_quitting_) {
    (void)monitor_.turn();
    if (virtual_clock_ && monitor_.next_deadline()) virtual_clock_->jump_to(*monitor_.next_deadline());
    reactor_.wait(virtual_clock_ ? std::optional<std::uint64_t>(0) : time_left());
  }
  (void)monitor_.turn();  // what the end of the last domain has posted
  const std::string left = count_leftovers().text();
  if (left.empty()) return;
  log_.text("left over: " + left);
  status_ = kExitHostFailure;
}

Leftovers Toolstack::count_leftovers() {
  Leftovers left;
  left.guest_memories = rams_.alive();
  left.ring_pages = ring_pages_.size();
  left.requests = io_->in_flight();
  const auto homes = store_.list("/local/domain");
  left.store_nodes = static_cast<std::size_t>(std::count_if(homes.begin(), homes.end(), [](const auto& name) { return name != "0"; }));
  for (const std::string& kind : store_.list("/local/domain/0/backend")) {
    left.store_nodes += store_.list("/local/domain/0/backend/" + kind).size();
  }
  left.store_watches = store_.watches().size();
  left.vcpus = monitor_.scheduler().runnable();
  const std::size_t own = std::size_t{time_limit_.is_armed()} + std::size_t{clock_timer_.is_armed()};
  const std::size_t armed = monitor_.timers().count_before(std::numeric_limits<std::uint64_t>::max());
  left.timers = armed - std::min(armed, own);
  const std::size_t open = descriptors_.count();
  left.descriptors = open - std::min(open, descriptors_at_start_);
  return left;
}

std::string Toolstack::crash_report(Domain& domain, const Vcpu& vcpu, const std::string& reason) {
  const pv_cpu_user_regs regs = vcpu.context->registers();
  return pvisor::crash_report({domain.name(), vcpu.id.value(), domain.memory(), regs, domain.image().symbols.get()}, reason);
}

void Toolstack::console_io_write(Domain& domain, std::string_view text) {
  HostedDomain* hosted = hosted_of(domain);
  if (hosted == nullptr) return;
  if (hosted->device != nullptr) hosted->device->catch_up();
  hosted->console->write_all(std::as_bytes(std::span(text)));
}

}  // namespace pvisor
