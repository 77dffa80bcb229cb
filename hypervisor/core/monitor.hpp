// SPDX-License-Identifier: MIT
// Monitor: all domains, and the turn that serves them. One thread (the reactor thread) owns it; nothing here locks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/director.hpp"
#include "core/domain.hpp"
#include "core/event_channels.hpp"
#include "core/guest_object.hpp"
#include "core/hypercall.hpp"
#include "core/scheduler.hpp"
#include "core/timers.hpp"
#include "core/work_queue.hpp"

namespace pvisor {

/// A chain-load request that was checked (pvabi/extensions.h). What is parsed is a copy; the ramdisk, which may be large and
/// which nobody parses, still lies in the guest.
struct ChainloadRequest {
  std::vector<std::byte> kernel;
  GuestObject initrd;
  std::string cmdline;
  bool multiboot_modules = false;
};

/// What the core cannot decide itself; the composition root answers.
class MonitorHooks {
 public:
  virtual ~MonitorHooks() = default;
  /// Builds an image from the request for this domain. On refusal: nothing, and `reason` says why in one line.
  [[nodiscard]] virtual std::optional<DomainImage> build_chainload(Domain& domain, const ChainloadRequest& request,
                                                                   std::string& reason) = 0;
  /// The image that build_chainload gave is in place: the domain's next instruction is the new kernel's first.
  virtual void chainloaded(Domain&) {}
  /// The report for a domain that crashes now, `reason` in its first line; several lines, may be empty.
  [[nodiscard]] virtual std::string crash_report(Domain& domain, const Vcpu& vcpu, const std::string& reason) = 0;
  /// Text for console_io: bytes of a guest, to be shown as its console output.
  virtual void console_io_write(Domain& domain, std::string_view text) = 0;
};

class Monitor final : public EventPeers {
 public:
  Monitor(Clock& clock, MonitorHooks& hooks);
  ~Monitor() override;
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// A new domain with the next id (from 1 upward, never reused), without an image yet.
  Domain& create_domain(std::string name, Engine& engine);
  void destroy_domain(DomainId id);
  [[nodiscard]] Domain* find(DomainId id);
  [[nodiscard]] EventChannels* find_events(DomainId id) override;
  template <class F>
  void for_each_domain(F visit) {
    for (auto& [id, domain] : domains_) visit(*domain);
  }

  /// Serves what there is to serve now: work items, due timers, exits of running vCPUs, one slice per runnable vCPU, and more as
  /// long as vCPUs only wake each other.
  /// Returns true if another turn has something to do at once.
  bool turn();
  /// When the next timer fires; nothing if none is armed.
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const { return timers_.next_deadline(); }

  /// Serves another piece of the call that `vcpu` is in (HypercallResult::Kind::Again).
  void serve_piece(Vcpu& vcpu);
  /// Ends the domain of `vcpu` as crashed, with a report.
  void crash(Vcpu& vcpu, const std::string& reason);

  /// Who decides what is left open from now on; nullptr: the order of the queue, and whole slices. Must outlive its use.
  void set_director(Director* director) { director_ = director; }
  [[nodiscard]] Director* director() { return director_; }

  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] TimerQueue& timers() { return timers_; }
  [[nodiscard]] WorkQueue& work() { return work_; }
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] MonitorHooks& hooks() { return hooks_; }
  [[nodiscard]] std::uint64_t now_ns() const { return clock_.now_ns(); }

 private:
  class Slices;
  [[nodiscard]] Vcpu* choose();
  void direct(Vcpu& vcpu, const Exit& exit);
  /// What a call answered. For other exits: Blocked when the vCPU has been put where it belongs, Gone when its domain ended.
  [[nodiscard]] HypercallResult handle_exit(Vcpu& vcpu, const Exit& exit);
  [[nodiscard]] HypercallResult handle_rare_exit(Vcpu& vcpu, const Exit& exit);
  /// Keeps the answer for the next slice and queues the vCPU for it.
  void settle(Vcpu& vcpu, const HypercallResult& result);
  void serve_elsewhere();
  [[nodiscard]] bool take_exits(Domain& domain);
  void publish_for(const Vcpu& vcpu) const;

  Clock& clock_;
  MonitorHooks& hooks_;
  const bool publishes_time_;  ///< at each slice, because the clock stands still in between
  Director* director_ = nullptr;
  WorkQueue work_;
  TimerQueue timers_;
  Scheduler scheduler_;
  std::map<DomainId, std::unique_ptr<Domain>> domains_;
  std::uint16_t next_domain_ = 1;
};

}  // namespace pvisor
