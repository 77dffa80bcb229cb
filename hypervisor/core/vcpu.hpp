// SPDX-License-Identifier: MIT
// Vcpu: one virtual CPU as the core sees it. Its state is kept here and never read from guest memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "core/timers.hpp"
#include "engine/engine.hpp"

namespace pvisor {

enum class VcpuState : std::uint8_t {
  Runnable,     ///< waits for its turn
  Running,      ///< runs now, on this thread or elsewhere
  InHypercall,  ///< its call is being answered: events need no kick, the reply path looks
  Blocked,      ///< until an event (sched_op block) or one of its polled ports or its timeout
  Paused,       ///< by an operator
  Down,         ///< never started, or stopped for good
};

class Domain;

struct Vcpu {
  Vcpu(Domain& owner, VcpuId vcpu_id, TimerQueue& timers);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  /// Blocked -> Runnable, the blocking call answered with 0; nothing in any other state.
  void wake();

  Domain& domain;
  const VcpuId id;
  VcpuState state = VcpuState::Down;
  std::unique_ptr<VcpuContext> context;
  /// Answer to the call it made, handed over when it runs next.
  std::optional<std::int64_t> result;
  /// While blocked in sched_op poll: the ports that wake it. Empty with polling set: only the timeout does.
  std::vector<Port> polled;
  bool polling = false;
  // The scheduler's: whether it stands in the queue, and between whom.
  bool queued = false;
  Vcpu* queued_before = nullptr;
  Vcpu* queued_after = nullptr;
  bool kick_sent = false;
  Timer singleshot;    ///< set_timer_op, and vcpu_op set_singleshot_timer: VIRQ_TIMER when it fires
  Timer poll_timeout;  ///< wakes a poll
};

}  // namespace pvisor
