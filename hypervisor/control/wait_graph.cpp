// SPDX-License-Identifier: MIT
#include "control/wait_graph.hpp"

#include <fmt/format.h>
#include <pvabi/event_channel.h>

#include <cstdint>
#include <iterator>
#include <vector>

namespace pvisor {

namespace {

/// Ports told of one vCPU; a guest may have thousands.
constexpr std::size_t kMaxPorts = 16;

/// Who can raise this port; empty if nobody can because it is closed.
std::string source_of(Monitor& monitor, const EventChannels::Status& status) {
  const auto name = [&](DomainId id) -> std::string {
    if (id == kMonitorDomain) return "the monitor";
    const Domain* peer = monitor.find(id);
    return peer != nullptr ? "domain " + peer->name() : fmt::format("domain number {}", id.value());
  };
  switch (status.status) {
    case PV_EVTCHNSTAT_UNBOUND: return fmt::format("nobody: {} has not bound to it", name(status.remote_domain));
    case PV_EVTCHNSTAT_INTERDOMAIN:
      return status.remote_domain == kMonitorDomain ? name(status.remote_domain)
                                                    : fmt::format("{} by its port {}", name(status.remote_domain), status.remote_port.value());
    case PV_EVTCHNSTAT_VIRQ: return fmt::format("virtual interrupt {}", status.number);
    case PV_EVTCHNSTAT_IPI: return "another vCPU of its own";
    default: return {};
  }
}

/// The ports whose event would wake `vcpu`.
std::vector<Port> ports_of(Domain& domain, const Vcpu& vcpu) {
  if (vcpu.polling) return vcpu.polled;
  std::vector<Port> ports;
  EventChannels::Status status{};
  for (std::uint32_t number = 1; number < EventChannels::kPorts; ++number) {
    const Port port(number);
    if (domain.events().is_allocated(port) && domain.events().status(port, status) == 0 && status.vcpu == vcpu.id.value()) ports.push_back(port);
  }
  return ports;
}

void add_ports(std::string& out, Monitor& monitor, Domain& domain, const Vcpu& vcpu) {
  const std::vector<Port> ports = ports_of(domain, vcpu);
  if (ports.empty()) out += "    nothing could wake it\n";
  for (std::size_t i = 0; i < ports.size() && i < kMaxPorts; ++i) {
    EventChannels::Status status{};
    const bool is_known = domain.events().status(ports[i], status) == 0;
    const std::string source = is_known ? source_of(monitor, status) : std::string();
    fmt::format_to(std::back_inserter(out), "    port {}{}: {}\n", ports[i].value(),
                   domain.shared_info().is_masked(ports[i]) ? " (masked)" : "", source.empty() ? "closed" : source);
  }
  if (ports.size() > kMaxPorts) fmt::format_to(std::back_inserter(out), "    and {} ports more\n", ports.size() - kMaxPorts);
}

}  // namespace

std::string wait_graph(Monitor& monitor) {
  std::string out = "deadlock: no vCPU can run, and nothing is due that would wake one\n";
  monitor.for_each_domain([&](Domain& domain) {
    if (domain.ended() || !domain.is_installed()) return;
    for (std::uint32_t index = 0; index < domain.vcpu_count(); ++index) {
      const Vcpu* vcpu = domain.vcpu(VcpuId{index});
      if (vcpu == nullptr || !vcpu->is_up || vcpu->state != VcpuState::Blocked) continue;
      fmt::format_to(std::back_inserter(out), "  domain {}: vCPU {} waits in {} for\n", domain.name(), index,
                     vcpu->polling ? "poll" : "block");
      add_ports(out, monitor, domain, *vcpu);
    }
  });
  return out;
}

}  // namespace pvisor
