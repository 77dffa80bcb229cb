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
/// Reading the clock costs more than a null call, so it is read once in a while.
constexpr std::uint32_t kClockEvery = 32;

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

void Monitor::run_slice(Vcpu& vcpu) {
  const std::uint64_t begin = clock_.now_ns();
  if (!clock_.moves_by_itself()) vcpu.domain.shared_info().publish_time(vcpu.id, clock_.scale());
  std::optional<std::int64_t> answer = std::exchange(vcpu.result, std::nullopt);
  for (std::uint32_t calls = 1;; ++calls) {
    vcpu.state = VcpuState::Running;
    vcpu.kick_sent = false;
    const Exit* exit = vcpu.context->resume(answer, {kSliceNanoseconds});
    if (exit == nullptr) return;
    // The answer of a call stays in registers on its way back: this loop is what a null call costs.
    const HypercallResult result = handle_exit(vcpu, *exit);
    if (result.kind != HypercallResult::Kind::Done) [[unlikely]] return settle(vcpu, result);
    answer = result.value;
    const bool time_is_up = calls % kClockEvery == 0 && clock_.now_ns() - begin > kSliceNanoseconds;
    if (calls >= kSliceHypercalls || time_is_up) return settle(vcpu, {HypercallResult::Kind::Yield, *answer});
  }
}

void Monitor::settle(Vcpu& vcpu, const HypercallResult& result) {
  // Blocked and Gone: the handler has seen to the vCPU, which may not even exist any more.
  if (result.kind != HypercallResult::Kind::Done && result.kind != HypercallResult::Kind::Yield) return;
  vcpu.result = result.value;
  scheduler_.make_runnable(vcpu);
}

HypercallResult Monitor::handle_exit(Vcpu& vcpu, const Exit& exit) {
  if (const auto* call = std::get_if<HypercallExit>(&exit)) [[likely]] {
    vcpu.state = VcpuState::InHypercall;
    return dispatch_hypercall(*this, vcpu, *call);
  }
  if (std::holds_alternative<PreemptedExit>(exit)) {
    scheduler_.make_runnable(vcpu);
    return {HypercallResult::Kind::Blocked, 0};
  }
  const auto* fault = std::get_if<FaultExit>(&exit);
  crash(vcpu, fault != nullptr ? describe(*fault) : std::string(std::get<DiedExit>(exit).reason));
  return {HypercallResult::Kind::Gone, 0};
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
