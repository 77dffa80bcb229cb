// SPDX-License-Identifier: MIT
// Sequences of hypercalls by two domains at once, as a grammar: ports, grant references and handles that earlier calls gave are
// used by later ones, pointers lie in good and in bad places, and between calls time passes, vCPUs run and domains die and come
// back. Every argument is read once and changes afterwards. Each call answers with a number that means something, and what the
// domains hold of each other always adds up.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include <pvabi/domid.h>
#include <pvabi/event_channel.h>
#include <pvabi/grant_table.h>
#include <pvabi/hypercalls.h>
#include <pvabi/memory.h>
#include <pvabi/sched.h>
#include <pvabi/vcpu.h>

#include "fuzz/fuzz_input.hpp"
#include "support/changing_memory.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kRamPages = 8;
constexpr std::int64_t kLowestError = -4095;

/// What calls have given, for later ones to use.
struct Resources {
  std::vector<std::uint64_t> ports{kXenstorePort.value(), kConsolePort.value(), 0};
  std::vector<std::uint64_t> handles{0};
};

class Run {
 public:
  Run() {
    for (std::size_t i = 0; i < domains_.size(); ++i) create(i);
  }

  /// False once a domain has given away the page that its arguments are put into.
  [[nodiscard]] bool has_arguments() const {
    return std::ranges::all_of(domains_, [](const Domain* domain) {
      return domain->memory().write(GuestVirt{FakeWorld::address(*domain, FakeWorld::kArguments)}, std::uint64_t{0});
    });
  }
  void step(FuzzInput& input) {
    const std::size_t who = input.below(2);
    switch (input.below(10)) {
      case 0: case 1: case 2: return event_call(who, input);
      case 3: case 4: return grant_call(who, input);
      case 5: return sched_call(who, input);
      case 6: return other_call(who, input);
      case 7: return raw_call(who, input);
      case 8: return write_grant(who, input);
      default: return pass_time(who, input);
    }
  }

  /// Ports come in pairs that name each other; what is in use is what somebody has mapped.
  void check() {
    std::size_t uses = 0;
    std::size_t mapped = 0;
    for (Domain* domain : domains_) {
      uses += domain->grants().uses();
      mapped += domain->mappings().size();
      for (std::uint32_t port = 0; port < 64; ++port) check_port(*domain, Port{port});
    }
    FUZZ_REQUIRE(uses == mapped || replaced_);  // a domain that died may be mapped still
  }

 private:
  void create(std::size_t i) {
    memory_.reset();  // a new domain's memory is made, not read
    domains_[i] = &world_.add_domain(kRamPages);
    resources_[i] = {};
    memory_.emplace();
    for (const Domain* domain : domains_) {
      if (domain == nullptr) continue;
      memory_->spare(FakeWorld::space(const_cast<Domain&>(*domain)).ram()->bytes().subspan(kRamPages * kPageSize));
    }
  }
  void check_port(Domain& domain, Port port) {
    EventChannels::Status status{};
    FUZZ_REQUIRE(domain.events().status(port, status) == 0);
    if (status.status != PV_EVTCHNSTAT_INTERDOMAIN) return;
    Domain* const peer = world_.monitor.find(status.remote_domain);
    FUZZ_REQUIRE(peer != nullptr);
    EventChannels::Status other{};
    FUZZ_REQUIRE(peer->events().status(status.remote_port, other) == 0);
    FUZZ_REQUIRE(other.status == PV_EVTCHNSTAT_INTERDOMAIN && other.remote_domain == domain.id() && other.remote_port == port);
  }

  /// A pointer in the argument may name the argument itself: then its bytes are read for both.
  enum class Pointers : bool { None, Some };
  std::int64_t call(std::size_t who, std::uint64_t number, const std::array<std::uint64_t, 5>& args, Pointers pointers = Pointers::Some) {
    Domain& domain = *domains_[who];
    Vcpu& vcpu = *domain.vcpu(VcpuId{0});
    vcpu.wake();  // a blocked one makes no calls
    vcpu.state = VcpuState::InHypercall;
    memory_->begin_request();
    const std::size_t before = memory_->second_fetches();
    HypercallResult result = dispatch_hypercall(world_.monitor, vcpu, HypercallExit{number, args});
    while (result.kind == HypercallResult::Kind::Again) {
      memory_->begin_request();  // each piece reads and checks anew
      result = dispatch_hypercall(world_.monitor, vcpu, *std::exchange(vcpu.unfinished, std::nullopt));
    }
    FUZZ_REQUIRE(pointers == Pointers::Some || memory_->second_fetches() == before);
    FUZZ_REQUIRE(result.value >= kLowestError);
    if (result.kind == HypercallResult::Kind::Done || result.kind == HypercallResult::Kind::Yield) world_.monitor.scheduler().make_runnable(vcpu);
    FUZZ_REQUIRE((result.kind == HypercallResult::Kind::Gone) == domain.ended().has_value());
    FUZZ_REQUIRE((result.kind == HypercallResult::Kind::Blocked) == (vcpu.state == VcpuState::Blocked));
    if (domain.ended()) replace(who);
    return result.value;
  }
  void replace(std::size_t who) {
    world_.monitor.destroy_domain(domains_[who]->id());
    domains_[who] = nullptr;
    replaced_ = true;
    create(who);
  }

  [[nodiscard]] std::uint64_t argument(std::size_t who, const auto& op) {
    return world_.put(*domains_[who], op, kArgumentOffset);
  }
  template <class Op>
  [[nodiscard]] Op answer(std::size_t who) const {
    Op op;
    const auto bytes = FakeWorld::space(*domains_[who]).ram()->bytes();
    std::memcpy(&op, &bytes[FakeWorld::kArguments.value() * kPageSize + kArgumentOffset], sizeof op);
    return op;
  }
  [[nodiscard]] std::uint16_t any_domain(FuzzInput& input) const {
    static constexpr std::uint16_t kNames[] = {PV_DOMID_SELF, 0, PV_DOMID_IO, 0x7fff, 0xffff};
    const std::size_t which = input.below(8);
    return which < 2 ? domains_[which]->id().value() : kNames[which % std::size(kNames)];
  }
  [[nodiscard]] std::uint32_t any_port(std::size_t who, FuzzInput& input) const {
    const std::size_t which = input.below(16);
    if (which == 15) return input.take<std::uint32_t>();
    const auto& ports = resources_[input.below(4) == 0 ? 1 - who : who].ports;
    return static_cast<std::uint32_t>(ports[which % ports.size()]);
  }
  [[nodiscard]] std::uint64_t any_pointer(std::size_t who, FuzzInput& input) const {
    const Domain& domain = *domains_[who];
    switch (input.below(8)) {
      case 0: return input.take<std::uint64_t>();
      case 1: return FakeWorld::end_of(domain) - input.below(64);
      case 2: return domain.memory().virt_base().value() - input.below(64);
      default: return FakeWorld::address(domain, GuestFrame{input.below(kRamPages + 2)}, input.take<std::uint16_t>() % kPageSize);
    }
  }
  [[nodiscard]] static std::uint64_t any_number(FuzzInput& input) {
    static constexpr std::uint64_t kEdges[] = {0, 1, 2, 3, 127, 128, 129, 511, 512, 513, 4095, 4096, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, ~std::uint64_t{0}};
    return input.below(4) == 0 ? input.take<std::uint64_t>() : input.one_of(kEdges);
  }

  void event_call(std::size_t who, FuzzInput& input) {
    const auto ask = [&](std::uint64_t command, const auto& op) { return call(who, PV_HC_EVENT_CHANNEL_OP, {command, argument(who, op)}, Pointers::None); };
    const auto keep = [&](std::int64_t result, std::uint64_t port) {
      if (result == 0 && resources_[who].ports.size() < 64) resources_[who].ports.push_back(port);
    };
    switch (input.below(10)) {
      case 0: return keep(ask(PV_EVTCHNOP_ALLOC_UNBOUND, pv_evtchn_alloc_unbound{any_domain(input), any_domain(input), 0}), answer<pv_evtchn_alloc_unbound>(who).port);
      case 1: return keep(ask(PV_EVTCHNOP_BIND_INTERDOMAIN, pv_evtchn_bind_interdomain{any_domain(input), any_port(1 - who, input), 0}), answer<pv_evtchn_bind_interdomain>(who).local_port);
      case 2: return keep(ask(PV_EVTCHNOP_BIND_VIRQ, pv_evtchn_bind_virq{static_cast<std::uint32_t>(input.below(32)), static_cast<std::uint32_t>(input.below(3)), 0}), answer<pv_evtchn_bind_virq>(who).port);
      case 3: return keep(ask(PV_EVTCHNOP_BIND_IPI, pv_evtchn_bind_ipi{static_cast<std::uint32_t>(input.below(3)), 0}), answer<pv_evtchn_bind_ipi>(who).port);
      case 4: return static_cast<void>(ask(PV_EVTCHNOP_CLOSE, pv_evtchn_close{any_port(who, input)}));
      case 5: return static_cast<void>(ask(PV_EVTCHNOP_SEND, pv_evtchn_send{any_port(who, input)}));
      case 6: return static_cast<void>(ask(PV_EVTCHNOP_UNMASK, pv_evtchn_unmask{any_port(who, input)}));
      case 7: return static_cast<void>(ask(PV_EVTCHNOP_BIND_VCPU, pv_evtchn_bind_vcpu{any_port(who, input), static_cast<std::uint32_t>(input.below(3))}));
      case 8: return static_cast<void>(ask(PV_EVTCHNOP_STATUS, pv_evtchn_status{any_domain(input), any_port(who, input), 0, 0, {}}));
      default: return static_cast<void>(ask(PV_EVTCHNOP_RESET, pv_evtchn_reset{any_domain(input)}));
    }
  }
  void grant_call(std::size_t who, FuzzInput& input) {
    const auto ask = [&](std::uint64_t command, const auto& op) {
      return call(who, PV_HC_GRANT_TABLE_OP, {command, argument(who, op), input.below(8) == 0 ? any_number(input) : 1});
    };
    const auto ref = static_cast<std::uint32_t>(input.below(16));
    switch (input.below(5)) {
      case 0: {
        const pv_gnttab_map_grant_ref op{any_pointer(who, input) & ~(kPageSize - 1), PV_GNTMAP_HOST_MAP | (input.below(4) == 0 ? PV_GNTMAP_READONLY : 0U), ref, any_domain(input), 1, 0, 0};
        const std::int64_t result = ask(PV_GNTTABOP_MAP_GRANT_REF, op);
        const auto mapped = answer<pv_gnttab_map_grant_ref>(who);
        if (result == 0 && mapped.status == PV_GNTST_OKAY && resources_[who].handles.size() < 64) resources_[who].handles.push_back(mapped.handle);
        return;
      }
      case 1: {
        const auto& handles = resources_[who].handles;
        const auto handle = static_cast<std::uint32_t>(handles[input.below(64) % handles.size()]);
        const auto* mapping = domains_[who]->mappings().find(GrantHandle{handle});
        const std::uint64_t at = mapping != nullptr && input.below(4) != 0 ? mapping->host_addr : any_pointer(who, input);
        return static_cast<void>(ask(PV_GNTTABOP_UNMAP_GRANT_REF, pv_gnttab_unmap_grant_ref{at, 0, handle, 1}));
      }
      case 2: {
        pv_gnttab_copy op{};
        for (auto* end : {&op.source, &op.dest}) {
          end->domid = any_domain(input);
          end->offset = input.take<std::uint16_t>();
          end->u.gmfn = input.below(16);
        }
        op.len = input.take<std::uint16_t>();
        op.flags = static_cast<std::uint16_t>(input.below(4));
        return static_cast<void>(ask(PV_GNTTABOP_COPY, op));
      }
      case 3: return static_cast<void>(ask(PV_GNTTABOP_SETUP_TABLE, pv_gnttab_setup_table{any_domain(input), static_cast<std::uint32_t>(any_number(input)), 1, any_pointer(who, input)}));
      default: return static_cast<void>(ask(input.take<std::uint8_t>() % 14, std::array<std::uint64_t, 4>{any_domain(input), 1, any_pointer(who, input), 0}));
    }
  }
  void sched_call(std::size_t who, FuzzInput& input) {
    switch (input.below(8)) {
      case 0: return static_cast<void>(call(who, PV_HC_SCHED_OP, {PV_SCHEDOP_YIELD}));
      case 1: return static_cast<void>(call(who, PV_HC_SCHED_OP, {PV_SCHEDOP_BLOCK}));
      case 2: case 3: case 4: {
        std::array<std::uint32_t, 3> ports{};
        for (auto& port : ports) port = any_port(who, input);
        const std::uint64_t list = input.below(4) == 0 ? any_pointer(who, input) : world_.put(*domains_[who], ports, 64);
        const pv_sched_poll op{list, static_cast<std::uint32_t>(input.below(4) == 0 ? any_number(input) : input.below(4)), 0, any_number(input)};
        return static_cast<void>(call(who, PV_HC_SCHED_OP, {PV_SCHEDOP_POLL, argument(who, op)}));
      }
      case 5: return static_cast<void>(call(who, PV_HC_SCHED_OP, {PV_SCHEDOP_SHUTDOWN, argument(who, pv_sched_shutdown{static_cast<std::uint32_t>(input.below(12))})}));
      default: return static_cast<void>(call(who, PV_HC_SCHED_OP, {input.take<std::uint8_t>(), any_pointer(who, input)}));
    }
  }
  /// Calls with a command, an argument of any content and a count.
  void other_call(std::size_t who, FuzzInput& input) {
    static constexpr std::uint64_t kNumbers[] = {PV_HC_MEMORY_OP, PV_HC_VCPU_OP, PV_HC_CONSOLE_IO, PV_HC_SET_TIMER_OP, PV_HC_UPDATE_VA_MAPPING, PV_HC_CHAINLOAD};
    const std::uint64_t number = input.one_of(kNumbers);
    std::array<std::uint64_t, 8> words{};
    for (auto& word : words) word = input.below(2) == 0 ? any_pointer(who, input) : any_number(input);
    const std::uint64_t at = argument(who, words);
    const std::uint64_t command = input.below(24);
    switch (number) {
      case PV_HC_MEMORY_OP: return static_cast<void>(call(who, number, {command, at}));
      case PV_HC_VCPU_OP: return static_cast<void>(call(who, number, {command, input.below(3), at}));
      case PV_HC_CONSOLE_IO: return static_cast<void>(call(who, number, {command % 3, any_number(input), any_pointer(who, input)}));
      case PV_HC_CHAINLOAD: return static_cast<void>(call(who, number, {at}));
      default: return static_cast<void>(call(who, number, {words[0], words[1], words[2]}));
    }
  }
  void raw_call(std::size_t who, FuzzInput& input) {
    const std::uint64_t number = input.below(8) == 0 ? input.take<std::uint64_t>() : input.below(kHypercallNumbers);
    std::array<std::uint64_t, 5> args{};
    for (auto& arg : args) arg = input.below(2) == 0 ? any_pointer(who, input) : any_number(input);
    call(who, number, args);
  }
  void write_grant(std::size_t who, FuzzInput& input) {
    const pv_grant_entry_v1 entry{static_cast<std::uint16_t>(input.below(8)), any_domain(input), static_cast<std::uint32_t>(input.below(kRamPages + 4))};
    const auto bytes = FakeWorld::space(*domains_[who]).ram()->bytes();
    std::memcpy(&bytes[(kRamPages + 1) * kPageSize + input.below(16) * sizeof entry], &entry, sizeof entry);
  }
  void pass_time(std::size_t who, FuzzInput& input) {
    if (input.below(16) == 0) return replace(who);
    world_.clock.advance(input.take<std::uint16_t>());
    if (input.below(2) == 0) memory_->begin_request();
    world_.monitor.turn();
    for (std::size_t i = 0; i < domains_.size(); ++i) {
      if (domains_[i]->ended()) replace(i);
    }
  }

  static constexpr std::uint64_t kArgumentOffset = 128;  ///< of the argument in its page
  FakeWorld world_;
  std::optional<ChangingMemory> memory_;
  std::array<Domain*, 2> domains_{};
  std::array<Resources, 2> resources_;
  bool replaced_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FakeRam::is_kept = true;
  FuzzInput input(data, size);
  Run run;
  while (!input.is_used_up() && run.has_arguments()) run.step(input);
  run.check();
  return 0;
}
