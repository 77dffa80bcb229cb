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
// Slices of one turn while nothing but vCPUs wants to be served. Of those that wake each other by events most are short, and
// timers, doorbells and completions wait no longer than for one long slice, after which the turn ends.
constexpr std::size_t kTurnSlices = 64;

/// For engines whose vCPUs run elsewhere: they are asked for their exits, and tell nobody.
class NobodyToTell final : public ExitHandler {
 public:
  Answer on_exit(const Exit&) override { return {nullptr, 0}; }
};

}  // namespace

Monitor::Monitor(Clock& clock, MonitorHooks& hooks) : clock_(clock), hooks_(hooks), publishes_time_(!clock.moves_by_itself()) {}

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

HypercallResult Monitor::handle_exit(Vcpu& vcpu, const Exit& exit) {
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
  crash(vcpu, fault != nullptr ? describe(*fault) : describe(std::get<DiedExit>(exit), vcpu.context->registers().rip));
  return {HypercallResult::Kind::Gone, 0};
}

/// The slices of a turn. In one slice a vCPU goes on after each call until it has made enough of them, or a call's answer
/// takes it off the CPU. That it does not take too much time with few calls is the engine's care (RunBudget): reading the
/// clock here would cost as much as a null call.
class Monitor::Slices final : public ExitHandler {
 public:
  explicit Slices(Monitor& monitor) : monitor_(monitor), owed_(monitor.scheduler_.runnable()) {}

  void run() {
    while (Vcpu* vcpu = begin_next(nullptr)) {
      vcpu->context->run(std::exchange(vcpu->result, std::nullopt), {kSliceNanoseconds}, *this);
    }
  }

  /// With the way to the handler of a call this is the core's part of a null call.
  Answer on_exit(const Exit& exit) override {
    if (monitor_.director_ != nullptr) [[unlikely]] monitor_.direct(*vcpu_, exit);
    const auto* call = std::get_if<HypercallExit>(&exit);
    if (call == nullptr) [[unlikely]] return end_slice(monitor_.handle_rare_exit(*vcpu_, exit), Used::Up);
    vcpu_->state = VcpuState::InHypercall;
    const HypercallResult result = dispatch_hypercall(monitor_, *vcpu_, *call);
    if (result.kind != HypercallResult::Kind::Done) [[unlikely]] return end_slice(result, Used::Part);
    if (--calls_left_ == 0) [[unlikely]] return end_slice(result, Used::Up);
    vcpu_->state = VcpuState::Running;
    return {vcpu_->context.get(), result.value};
  }

 private:
  enum class Used : std::uint8_t { Part, Up };

  /// The engine goes on with the next vCPU that is its own: cheaper than returning to run().
  [[gnu::noinline]] Answer end_slice(HypercallResult result, Used used) {
    if (used == Used::Up) all_short_ = false;
    monitor_.settle(*vcpu_, result);
    Vcpu* next = begin_next(engine_);
    if (next == nullptr) return {nullptr, 0};
    return {next->context.get(), std::exchange(next->result, std::nullopt).value_or(0)};
  }

  /// Takes the next vCPU off the queue, with `only` if it is of that engine, and makes it the one that runs.
  Vcpu* begin_next(const Engine* only) {
    const bool more = all_short_ && slices_ < kTurnSlices && monitor_.work_.empty();
    if (owed_ == 0 && !more) return nullptr;
    Vcpu* next = monitor_.choose();
    if (next == nullptr || (only != nullptr && &next->domain.engine() != only)) return nullptr;
    monitor_.scheduler_.take_off(*next, VcpuState::Running);
    if (owed_ > 0) --owed_;
    ++slices_;
    monitor_.publish_for(*next);
    vcpu_ = next;
    engine_ = &next->domain.engine();
    calls_left_ = monitor_.director_ == nullptr ? kSliceHypercalls : monitor_.director_->slice_calls(kSliceHypercalls);
    return next;
  }

  Monitor& monitor_;
  Vcpu* vcpu_ = nullptr;  ///< runs now; gone if its domain ended
  const Engine* engine_ = nullptr;
  std::uint32_t calls_left_ = 0;
  std::size_t owed_;  ///< vCPUs that waited when the turn began and have not run yet
  std::size_t slices_ = 0;
  bool all_short_ = true;  ///< no vCPU has used up its slice
};

bool Monitor::turn() {
  work_.run_turn();
  timers_.run_due(clock_.now_ns());
  serve_elsewhere();
  Slices(*this).run();
  return scheduler_.runnable() > 0 || !work_.empty();
}

/// Who runs next, if anybody can.
Vcpu* Monitor::choose() {
  if (director_ == nullptr || scheduler_.runnable() == 0) return scheduler_.first();
  return scheduler_.nth(director_->pick(scheduler_.runnable()));
}

/// The director may move virtual time, and the vCPU sees it when it goes on.
void Monitor::direct(Vcpu& vcpu, const Exit& exit) {
  director_->exited(vcpu.domain.id(), vcpu.id, exit);
  vcpu.domain.publish_time(vcpu);
}

void Monitor::serve_piece(Vcpu& vcpu) {
  if (vcpu.state != VcpuState::InHypercall) return;  // its domain has ended meanwhile
  settle(vcpu, dispatch_hypercall(*this, vcpu, *std::exchange(vcpu.unfinished, std::nullopt)));
}

void Monitor::settle(Vcpu& vcpu, const HypercallResult& result) {
  // Blocked and Gone: the handler has seen to the vCPU, which may not even exist any more.
  if (result.kind == HypercallResult::Kind::Blocked || result.kind == HypercallResult::Kind::Gone) return;
  if (result.kind == HypercallResult::Kind::Again) return vcpu.next_piece.post();
  vcpu.result = result.value;
  scheduler_.make_runnable(vcpu);
}

void Monitor::crash(Vcpu& vcpu, const std::string& reason) {
  Domain& domain = vcpu.domain;
  std::string report = hooks_.crash_report(domain, vcpu, reason);
  domain.end({DomainEnd::Kind::Crash, domain.exit_code(), reason, std::move(report)});
}

/// Exits of vCPUs that run elsewhere. As long as nobody else wants to be served, the next call of one that was answered is
/// waited for here, for the moment that it takes if it comes at once.
void Monitor::serve_elsewhere() {
  const Engine* answered = nullptr;
  for (std::uint32_t rounds = 0; rounds < kSliceHypercalls; ++rounds) {
    answered = nullptr;
    for (auto& [id, domain] : domains_) {
      if (domain->engine().has_exits() && take_exits(*domain)) answered = &domain->engine();
    }
    if (answered == nullptr || scheduler_.runnable() > 0 || !work_.empty() || !answered->has_exits_soon()) return;
  }
}

/// What a vCPU has sent without waiting.
class SendPosted final : public PostedSends {
 public:
  explicit SendPosted(EventChannels& events) : events_(events) {}
  void on_posted(std::uint32_t port) override {
    any_ = true;
    (void)events_.send(Port{port});  // one that the guest made up is refused, and nobody is told
  }
  [[nodiscard]] bool any() const { return any_; }

 private:
  EventChannels& events_;
  bool any_ = false;
};

/// True if one of its vCPUs was served and goes on.
bool Monitor::take_exits(Domain& domain) {
  bool answered = false;
  for (std::uint32_t index = 0; index < domain.vcpu_count(); ++index) {
    Vcpu& vcpu = *domain.vcpu(VcpuId{index});
    if (!vcpu.is_initialised()) continue;
    const Exit* exit = vcpu.context->take_exit();
    SendPosted posted(domain.events());  // before what came after it
    vcpu.context->take_posted(posted);
    if (posted.any()) answered = true;
    if (exit == nullptr) continue;
    if (const auto* call = std::get_if<HypercallExit>(exit); call != nullptr && posted.any()) {
      // What the sends have asked of devices comes first: who tells a device and then waits for it often need not sleep.
      vcpu.state = VcpuState::InHypercall;
      vcpu.unfinished = *call;
      vcpu.next_piece.post();
      continue;
    }
    const HypercallResult result = handle_exit(vcpu, *exit);
    if (result.kind != HypercallResult::Kind::Done || !vcpu.may_run()) {
      settle(vcpu, result);
      continue;
    }
    vcpu.state = VcpuState::Running;
    publish_for(vcpu);
    NobodyToTell nobody;
    vcpu.context->run(result.value, {}, nobody);
    answered = true;
  }
  return answered;
}

/// What a vCPU may look at when it goes on.
void Monitor::publish_for(const Vcpu& vcpu) const {
  if (publishes_time_) vcpu.domain.publish_time(vcpu);
  if (vcpu.run_state_area) vcpu.domain.publish_run_state(vcpu);
}

}  // namespace pvisor
