// SPDX-License-Identifier: MIT
// Vcpu: one virtual CPU as the core sees it. Its state is kept here and never read from guest memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/guest_area.hpp"
#include "core/ids.hpp"
#include "core/run_states.hpp"
#include "core/timers.hpp"
#include "core/work_queue.hpp"
#include "engine/engine.hpp"

namespace pvisor {

enum class VcpuState : std::uint8_t {
  Runnable,     ///< waits for its turn
  Running,      ///< runs now, on this thread or elsewhere
  InHypercall,  ///< its call is being answered: events need no kick, the reply path looks
  Blocked,      ///< until an event (sched_op block) or one of its polled ports or its timeout
  Down,         ///< not initialised yet, or its domain has ended
};

class Domain;

struct Vcpu {
  Vcpu(Domain& owner, VcpuId vcpu_id, TimerQueue& timers);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  /// Blocked -> Runnable, the blocking call answered with 0; nothing in any other state.
  void wake();
  /// A vCPU gets its context (its registers) once, by the builder or by vcpu_op initialise.
  [[nodiscard]] bool is_initialised() const { return context != nullptr; }

  /// To be called after `state`, `is_up` or `is_paused` changed, except between Running and InHypercall, which count as one: keeps the
  /// run-state times, and the periodic timer still while the vCPU cannot run. Free of cost for a guest that uses neither.
  void account() {
    if (accounts_) [[unlikely]] account_now();
  }
  /// Begins to account. Time before counts for the state it is in now.
  void keep_run_states();
  [[nodiscard]] pv_vcpu_runstate_info run_state_info() const;
  /// VIRQ_TIMER each `period_ns` from now on; 0 stops it.
  void set_period(std::uint64_t period_ns);

  Domain& domain;
  const VcpuId id;
  VcpuState state = VcpuState::Down;
  bool is_up = false;      ///< vcpu_op up and down: one that is not up does not run, whatever its state
  bool is_paused = false;  ///< by whoever operates the domain: nor does one that is
  [[nodiscard]] bool may_run() const { return is_up && !is_paused; }
  std::unique_ptr<VcpuContext> context;
  /// Answer to the call it made, handed over when it runs next.
  std::optional<std::int64_t> result;
  /// A long call that is served in pieces: how it goes on, and when.
  std::optional<HypercallExit> unfinished;
  WorkItem next_piece;
  /// While blocked in sched_op poll: the ports that wake it. Empty with polling set: only the timeout does.
  std::vector<Port> polled;
  bool polling = false;
  // The scheduler's: whether it stands in the queue, and between whom.
  bool queued = false;
  Vcpu* queued_before = nullptr;
  Vcpu* queued_after = nullptr;
  Timer singleshot;    ///< set_timer_op, and vcpu_op set_singleshot_timer: VIRQ_TIMER when it fires
  Timer poll_timeout;  ///< wakes a poll
  std::optional<GuestArea> run_state_area;  ///< where the guest wants its run-state times to be kept
  std::optional<GuestArea> time_area;       ///< where it wants a copy of vcpu_info.time

 private:
  [[nodiscard]] std::int32_t run_state() const;
  [[nodiscard]] bool can_run() const;
  void account_now();
  void tick();

  bool accounts_ = false;
  RunStates run_states_;
  Timer periodic_;
  std::uint64_t period_ns_ = 0;
  std::uint64_t last_tick_ns_ = 0;
};

}  // namespace pvisor
