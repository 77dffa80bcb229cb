// SPDX-License-Identifier: MIT
// EventChannels: one domain's table of two-level event channels (pvabi/event_channel.h). Each operation checks everything,
// then changes state and cannot fail half-way. Results are pv status values: 0 or a negative PV_E*.
//
// Ends that belong to the monitor (domain 0: device backends, xenstore, console) are Channel objects, see bind_backend().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/work_queue.hpp"

namespace pvisor {

class EventChannels;

/// Where an event goes once the table knows port and vCPU: the domain marks shared_info and wakes or kicks the vCPU.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void raise_event(Port port, VcpuId vcpu) = 0;
  virtual void unmask_event(Port port, VcpuId vcpu) = 0;
  virtual void clear_event(Port port) = 0;
  /// leads_out() of this port is this now.
  virtual void port_leads_out(Port port, bool yes) = 0;
};

/// Finds another domain's table, or nothing if there is no such domain (any more).
class EventPeers {
 public:
  virtual ~EventPeers() = default;
  [[nodiscard]] virtual EventChannels* find_events(DomainId domain) = 0;
};

/// The monitor's end of a channel to a guest. Destroying it leaves the guest's port unbound, waiting for domain 0 again.
/// It goes quiet when the guest closes its port.
class BackendChannel {
 public:
  ~BackendChannel();
  BackendChannel(const BackendChannel&) = delete;
  BackendChannel& operator=(const BackendChannel&) = delete;
  /// Raises the guest's port.
  void notify();
  [[nodiscard]] bool is_open() const { return table_ != nullptr; }

 private:
  friend class EventChannels;
  BackendChannel(EventChannels& table, Port port, std::function<void()> on_notify)
      : table_(&table), port_(port), on_notify_(std::move(on_notify)) {}
  EventChannels* table_;
  Port port_;
  std::function<void()> on_notify_;
};

class EventChannels {
 public:
  static constexpr std::uint32_t kPorts = 4096;  ///< two-level limit: 64 x 64 bits

  /// What evtchn status reports.
  struct Status {
    std::uint32_t status;  ///< PV_EVTCHNSTAT_*
    std::uint32_t vcpu;
    DomainId remote_domain;  ///< unbound, interdomain
    Port remote_port;        ///< interdomain
    std::uint32_t number;    ///< virq
  };

  EventChannels(DomainId self, std::uint32_t vcpus, EventSink& sink, EventPeers& peers);
  ~EventChannels();  ///< closes everything; peers' ends become unbound
  EventChannels(const EventChannels&) = delete;
  EventChannels& operator=(const EventChannels&) = delete;

  /// Result >= 0 is the new port.
  [[nodiscard]] std::int64_t alloc_unbound(DomainId remote);
  [[nodiscard]] std::int64_t bind_interdomain(DomainId remote, Port remote_port);
  [[nodiscard]] std::int64_t bind_virq(std::uint32_t virq, VcpuId vcpu);
  [[nodiscard]] std::int64_t bind_ipi(VcpuId vcpu);
  [[nodiscard]] std::int64_t close(Port port);
  [[nodiscard]] std::int64_t send(Port port);
  [[nodiscard]] std::int64_t unmask(Port port);
  [[nodiscard]] std::int64_t bind_vcpu(Port port, VcpuId vcpu);
  [[nodiscard]] std::int64_t status(Port port, Status& out) const;
  /// Closes every port (chain-load, EVTCHNOP_reset); the table is as new.
  void reset();

  /// Raises the virq's port on that vCPU if one is bound; nothing otherwise.
  void raise_virq(std::uint32_t virq, VcpuId vcpu);
  /// True if a send to it is answered with 0 as long as it stays allocated, and nobody in this domain sees what it does.
  [[nodiscard]] bool leads_out(Port port) const;
  /// True if the port is allocated: an event can come, now or once a peer binds to it.
  [[nodiscard]] bool is_allocated(Port port) const;
  /// True if it is also joined to something that can send.
  [[nodiscard]] bool is_bound(Port port) const;

  /// The monitor binds to a port that the guest allocated for domain 0. Nothing if it is not such a port, or already bound.
  /// `on_notify` runs inside the guest's send: it should post a WorkItem and return.
  [[nodiscard]] std::unique_ptr<BackendChannel> bind_backend(Port port, std::function<void()> on_notify);

 private:
  struct Free {};
  struct Unbound { DomainId remote; };
  struct Interdomain { DomainId remote; Port remote_port; };
  struct Backend { BackendChannel* channel; };
  struct Virq { std::uint32_t number; };
  struct Ipi {};
  struct Channel {
    std::variant<Free, Unbound, Interdomain, Backend, Virq, Ipi> state;
    VcpuId vcpu{0};
  };
  friend class BackendChannel;

  [[nodiscard]] std::optional<Port> find_free() const;
  [[nodiscard]] const Channel* used(Port port) const;  ///< nullptr: out of range or free
  Channel& at(Port port) { return channels_[port.value()]; }
  void leave_peer(Port port);  ///< undoes the other end's side of this port's binding
  void release(Port port);     ///< leaves the peer, forgets a pending event, frees the port
  [[nodiscard]] std::int64_t claim(Channel channel);  ///< the new port, or -PV_ENOSPC
  [[nodiscard]] EventChannels* find_table(DomainId domain);
  [[nodiscard]] bool vcpu_exists(VcpuId vcpu) const { return vcpu.value() < vcpus_; }

  DomainId self_;
  std::uint32_t vcpus_;
  EventSink& sink_;
  EventPeers& peers_;
  std::vector<Channel> channels_;  ///< grows up to kPorts; index is the port
};

}  // namespace pvisor
