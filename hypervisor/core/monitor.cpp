// SPDX-License-Identifier: MIT
#include "core/monitor.hpp"

#include <utility>

#include "base/assert.hpp"
#include "core/fault_text.hpp"
#include "core/hypercall.hpp"

namespace pvisor {

namespace {

// One turn gives a runnable vCPU at most this much before the others are served.
constexpr std::uint32_t kSliceHypercalls = 256;
constexpr std::uint64_t kSliceNanoseconds = 200'000;

}  // namespace

Monitor::Monitor(Clock& clock, MonitorHooks& hooks) : clock_(clock), hooks_(hooks) {}

Monitor::~Monitor() {
  // One by one: a domain that goes still finds its peers' ports.
  while (!domains_.empty()) domains_.erase(domains_.begin());
}

Domain& Monitor::create_domain(std::string name, Engine& engine) {
  const DomainId id{next_domain_++};
  auto domain = std::make_unique<Domain>(*this, id, std::move(name), engine);
  return *domains_.emplace(id, std::move(domain)).first->second;
}

void Monitor::destroy_domain(DomainId id) { domains_.erase(id); }

Domain* Monitor::find(DomainId id) {
  const auto found = domains_.find(id);
  return found == domains_.end() ? nullptr : found->second.get();
}

EventChannels* Monitor::find_events(DomainId id) {
  Domain* domain = find(id);
  return domain != nullptr && domain->is_installed() ? &domain->events() : nullptr;
}

bool Monitor::turn() {
  work_.run_turn();
  timers_.run_due(clock_.now_ns());
  collect_announced_exits();
  for (std::size_t left = scheduler_.runnable(); left > 0; --left) {
    Vcpu* vcpu = scheduler_.next();
    if (vcpu == nullptr) break;
    run_slice(*vcpu);
  }
  return scheduler_.runnable() > 0 || !work_.empty();
}

inline HypercallResult Monitor::handle_exit(Vcpu& vcpu, const Exit& exit) {
  const auto* call = std::get_if<HypercallExit>(&exit);
  if (call == nullptr) [[unlikely]] return handle_rare_exit(vcpu, exit);
  vcpu.state = VcpuState::InHypercall;
  return dispatch_hypercall(*this, vcpu, *call);
}

HypercallResult Monitor::handle_rare_exit(Vcpu& vcpu, const Exit& exit) {
  if (std::holds_alternative<PreemptedExit>(exit)) {
    scheduler_.make_runnable(vcpu);
    return {HypercallResult::Kind::Blocked, 0};
  }
  const auto* fault = std::get_if<FaultExit>(&exit);
  crash(vcpu, fault != nullptr ? describe(*fault) : std::string(std::get<DiedExit>(exit).reason));
  return {HypercallResult::Kind::Gone, 0};
}

/// One slice of a vCPU: it goes on after each call until it has made enough of them, or the call's answer takes it off the
/// CPU. That it does not take too much time with few calls is the engine's care (RunBudget): reading the clock here would
/// cost as much as a null call.
class Monitor::Slice final : public ExitHandler {
 public:
  Slice(Monitor& monitor, Vcpu& vcpu) : monitor_(monitor), vcpu_(vcpu) {}

  /// With the way to the handler of a call this is the core's part of a null call.
  Answer on_exit(const Exit& exit) override {
    const HypercallResult result = monitor_.handle_exit(vcpu_, exit);
    if (result.kind != HypercallResult::Kind::Done) [[unlikely]] return stop(result);
    if (--calls_left_ == 0) [[unlikely]] return stop({HypercallResult::Kind::Yield, result.value});
    vcpu_.state = VcpuState::Running;
    return {true, result.value};
  }

 private:
  [[gnu::noinline]] Answer stop(HypercallResult result) {
    monitor_.settle(vcpu_, result);
    return {false, 0};
  }

  Monitor& monitor_;
  Vcpu& vcpu_;
  std::uint32_t calls_left_ = kSliceHypercalls;
};

void Monitor::run_slice(Vcpu& vcpu) {
  if (!clock_.moves_by_itself()) vcpu.domain.shared_info().publish_time(vcpu.id, clock_.scale());
  Slice slice(*this, vcpu);
  vcpu.state = VcpuState::Running;
  vcpu.kick_sent = false;
  vcpu.context->run(std::exchange(vcpu.result, std::nullopt), {kSliceNanoseconds}, slice);
}

void Monitor::settle(Vcpu& vcpu, const HypercallResult& result) {
  // Blocked and Gone: the handler has seen to the vCPU, which may not even exist any more.
  if (result.kind != HypercallResult::Kind::Done && result.kind != HypercallResult::Kind::Yield) return;
  vcpu.result = result.value;
  scheduler_.make_runnable(vcpu);
}

void Monitor::crash(Vcpu& vcpu, const std::string& reason) {
  Domain& domain = vcpu.domain;
  std::string report = hooks_.crash_report(domain, vcpu, reason);
  domain.end({DomainEnd::Kind::Crash, domain.exit_code(), reason, std::move(report)});
}

void Monitor::collect_announced_exits() {
  for (auto& [id, domain] : domains_) {
    if (!domain->engine().traits().asynchronous) continue;
    for (std::uint32_t index = 0; index < domain->vcpu_count(); ++index) {
      Vcpu& vcpu = *domain->vcpu(VcpuId{index});
      if (vcpu.state != VcpuState::Running) continue;
      const Exit* exit = vcpu.context->take_exit();
      if (exit != nullptr) settle(vcpu, handle_exit(vcpu, *exit));
    }
  }
}

}  // namespace pvisor
