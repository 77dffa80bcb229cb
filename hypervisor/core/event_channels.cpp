// SPDX-License-Identifier: MIT
// Ports and their bindings. The two ends of an interdomain channel live in two tables and name each other by domain and
// port; the other table is looked up each time it is needed, so that a domain that is gone is simply not found.
#include "core/event_channels.hpp"

#include <algorithm>

#include "pvabi/errno.h"
#include "pvabi/event_channel.h"

namespace pvisor {
namespace {

/// Virqs that every vCPU has of its own; the others exist once per domain.
bool is_per_vcpu(std::uint32_t virq) {
  return virq == PV_VIRQ_TIMER || virq == PV_VIRQ_DEBUG || virq == PV_VIRQ_XENOPROF || virq == PV_VIRQ_XENPMU;
}

}  // namespace

BackendChannel::~BackendChannel() {
  if (table_ != nullptr) table_->at(port_).state = EventChannels::Unbound{kMonitorDomain};
}

void BackendChannel::notify() {
  if (table_ != nullptr) table_->sink_.raise_event(port_, table_->at(port_).vcpu);
}

EventChannels::EventChannels(DomainId self, std::uint32_t vcpus, EventSink& sink, EventPeers& peers)
    : self_(self), vcpus_(vcpus), sink_(sink), peers_(peers), channels_(1) {}  // port 0 stays free for ever

EventChannels::~EventChannels() {
  // Not release(): the sink's shared_info may be gone already, and nobody will see its bits any more.
  for (std::uint32_t port = 1; port < channels_.size(); ++port) leave_peer(Port{port});
}

std::int64_t EventChannels::alloc_unbound(DomainId remote) {
  return claim({Unbound{remote}, VcpuId{0}});
}

std::int64_t EventChannels::bind_interdomain(DomainId remote, Port remote_port) {
  EventChannels* table = find_table(remote);
  if (table == nullptr && remote != kMonitorDomain) return -PV_ESRCH;
  if (!find_free()) return -PV_ENOSPC;
  // Domain 0 exists, but its ends are made with bind_backend(): none of its ports ever waits for a guest.
  const Channel* other = table == nullptr ? nullptr : table->used(remote_port);
  const Unbound* waiting = other == nullptr ? nullptr : std::get_if<Unbound>(&other->state);
  if (waiting == nullptr || waiting->remote != self_) return -PV_EINVAL;

  const std::int64_t local = claim({Interdomain{remote, remote_port}, VcpuId{0}});
  const Port local_port{static_cast<std::uint32_t>(local)};
  table->at(remote_port).state = Interdomain{self_, local_port};
  // The other side may have sent while its port had no peer yet, and that was dropped: make the new end look once.
  sink_.raise_event(local_port, VcpuId{0});
  return local;
}

std::int64_t EventChannels::bind_virq(std::uint32_t virq, VcpuId vcpu) {
  if (virq >= PV_NR_VIRQS || (!is_per_vcpu(virq) && vcpu != VcpuId{0})) return -PV_EINVAL;
  if (!vcpu_exists(vcpu)) return -PV_ENOENT;
  const bool bound = std::any_of(channels_.begin(), channels_.end(), [&](const Channel& channel) {
    const Virq* other = std::get_if<Virq>(&channel.state);
    return other != nullptr && other->number == virq && (channel.vcpu == vcpu || !is_per_vcpu(virq));
  });
  if (bound) return -PV_EEXIST;
  return claim({Virq{virq}, vcpu});
}

std::int64_t EventChannels::bind_ipi(VcpuId vcpu) {
  if (!vcpu_exists(vcpu)) return -PV_ENOENT;
  return claim({Ipi{}, vcpu});
}

std::int64_t EventChannels::close(Port port) {
  if (used(port) == nullptr) return -PV_EINVAL;
  release(port);
  return 0;
}

std::int64_t EventChannels::send(Port port) {
  const Channel* channel = used(port);
  if (channel == nullptr) return -PV_EINVAL;
  if (const auto* backend = std::get_if<Backend>(&channel->state)) {
    backend->channel->on_notify_();  // may not change this table: see bind_backend()
    return 0;
  }
  if (const auto* pair = std::get_if<Interdomain>(&channel->state)) {
    EventChannels* table = find_table(pair->remote);
    const Channel* other = table == nullptr ? nullptr : table->used(pair->remote_port);
    if (other != nullptr) table->sink_.raise_event(pair->remote_port, other->vcpu);
    return 0;
  }
  if (std::holds_alternative<Ipi>(channel->state)) {
    sink_.raise_event(port, channel->vcpu);
    return 0;
  }
  // Nobody listens on an unbound port; a virq is not the guest's to send.
  return std::holds_alternative<Unbound>(channel->state) ? 0 : -PV_EINVAL;
}

std::int64_t EventChannels::unmask(Port port) {
  if (port.value() >= kPorts) return -PV_EINVAL;
  const Channel* channel = used(port);
  if (channel != nullptr) sink_.unmask_event(port, channel->vcpu);  // a free port is no error, as on Xen
  return 0;
}

std::int64_t EventChannels::bind_vcpu(Port port, VcpuId vcpu) {
  if (!vcpu_exists(vcpu)) return -PV_ENOENT;
  const Channel* channel = used(port);
  if (channel == nullptr) return -PV_EINVAL;
  const Virq* virq = std::get_if<Virq>(&channel->state);
  const bool fixed = std::holds_alternative<Ipi>(channel->state) || (virq != nullptr && is_per_vcpu(virq->number));
  if (fixed) return -PV_EINVAL;
  at(port).vcpu = vcpu;
  return 0;
}

std::int64_t EventChannels::status(Port port, Status& out) const {
  if (port.value() >= kPorts) return -PV_EINVAL;
  out = Status{PV_EVTCHNSTAT_CLOSED, 0, DomainId{}, Port{}, 0};
  const Channel* channel = used(port);
  if (channel == nullptr) return 0;
  out.vcpu = channel->vcpu.value();
  if (const auto* unbound = std::get_if<Unbound>(&channel->state)) {
    out.status = PV_EVTCHNSTAT_UNBOUND;
    out.remote_domain = unbound->remote;
  } else if (const auto* pair = std::get_if<Interdomain>(&channel->state)) {
    out.status = PV_EVTCHNSTAT_INTERDOMAIN;
    out.remote_domain = pair->remote;
    out.remote_port = pair->remote_port;
  } else if (std::holds_alternative<Backend>(channel->state)) {
    out.status = PV_EVTCHNSTAT_INTERDOMAIN;
    out.remote_domain = kMonitorDomain;
    out.remote_port = port;  // domain 0 has no table; this number is as good as any
  } else if (const auto* virq = std::get_if<Virq>(&channel->state)) {
    out.status = PV_EVTCHNSTAT_VIRQ;
    out.number = virq->number;
  } else {
    out.status = PV_EVTCHNSTAT_IPI;
  }
  return 0;
}

void EventChannels::reset() {
  for (std::uint32_t port = 1; port < channels_.size(); ++port) {
    if (used(Port{port}) != nullptr) release(Port{port});
  }
  channels_.resize(1);
}

void EventChannels::raise_virq(std::uint32_t virq, VcpuId vcpu) {
  for (std::uint32_t port = 1; port < channels_.size(); ++port) {
    const Channel& channel = channels_[port];
    const Virq* bound = std::get_if<Virq>(&channel.state);
    if (bound == nullptr || bound->number != virq) continue;
    if (is_per_vcpu(virq) && channel.vcpu != vcpu) continue;
    sink_.raise_event(Port{port}, channel.vcpu);
    return;
  }
}

bool EventChannels::leads_out(Port port) const {
  const Channel* channel = used(port);
  if (channel == nullptr) return false;
  if (const auto* unbound = std::get_if<Unbound>(&channel->state)) return unbound->remote != self_;
  if (const auto* pair = std::get_if<Interdomain>(&channel->state)) return pair->remote != self_;
  return std::holds_alternative<Backend>(channel->state);
}

bool EventChannels::is_allocated(Port port) const { return used(port) != nullptr; }

bool EventChannels::is_bound(Port port) const {
  const Channel* channel = used(port);
  return channel != nullptr && !std::holds_alternative<Unbound>(channel->state);
}

std::unique_ptr<BackendChannel> EventChannels::bind_backend(Port port, std::function<void()> on_notify) {
  const Channel* channel = used(port);
  const Unbound* waiting = channel == nullptr ? nullptr : std::get_if<Unbound>(&channel->state);
  if (waiting == nullptr || waiting->remote != kMonitorDomain) return nullptr;
  std::unique_ptr<BackendChannel> backend(new BackendChannel(*this, port, std::move(on_notify)));
  at(port).state = Backend{backend.get()};
  return backend;
}

std::optional<Port> EventChannels::find_free() const {
  for (std::uint32_t port = 1; port < channels_.size(); ++port) {
    if (std::holds_alternative<Free>(channels_[port].state)) return Port{port};
  }
  if (channels_.size() < kPorts) return Port{static_cast<std::uint32_t>(channels_.size())};
  return std::nullopt;
}

const EventChannels::Channel* EventChannels::used(Port port) const {
  if (port.value() >= channels_.size()) return nullptr;
  const Channel& channel = channels_[port.value()];
  return std::holds_alternative<Free>(channel.state) ? nullptr : &channel;
}

void EventChannels::leave_peer(Port port) {
  Channel& channel = at(port);
  if (const auto* backend = std::get_if<Backend>(&channel.state)) backend->channel->table_ = nullptr;
  const Interdomain* pair = std::get_if<Interdomain>(&channel.state);
  EventChannels* table = pair == nullptr ? nullptr : find_table(pair->remote);
  if (table == nullptr) return;
  const Channel* other = table->used(pair->remote_port);
  const Interdomain* back = other == nullptr ? nullptr : std::get_if<Interdomain>(&other->state);
  if (back == nullptr || back->remote != self_ || back->remote_port != port) return;
  table->at(pair->remote_port).state = Unbound{self_};
}

void EventChannels::release(Port port) {
  leave_peer(port);
  sink_.clear_event(port);  // whoever gets the port next starts with nothing pending
  if (leads_out(port)) sink_.port_leads_out(port, false);
  at(port) = Channel{};
}

std::int64_t EventChannels::claim(Channel channel) {
  const auto port = find_free();
  if (!port) return -PV_ENOSPC;
  if (port->value() == channels_.size()) channels_.emplace_back();
  at(*port) = channel;
  if (leads_out(*port)) sink_.port_leads_out(*port, true);
  return port->value();
}

EventChannels* EventChannels::find_table(DomainId domain) {
  return domain == self_ ? this : peers_.find_events(domain);  // our own also while the domain is being taken down
}

}  // namespace pvisor
