// SPDX-License-Identifier: MIT
// TimerQueue: deadlines in nanoseconds of the monitor's clock. One entry per owner: arming again replaces the deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace pvisor {

class TimerQueue;

/// A one-shot timer; destroying it disarms it. `fire` may arm it again.
class Timer {
 public:
  Timer(TimerQueue& queue, std::function<void()> fire) : queue_(&queue), fire_(std::move(fire)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }
  void arm(std::uint64_t deadline_ns);
  void disarm();
  [[nodiscard]] bool is_armed() const { return armed_; }

 private:
  friend class TimerQueue;
  TimerQueue* queue_;
  std::function<void()> fire_;
  bool armed_ = false;
  std::multimap<std::uint64_t, Timer*>::iterator position_{};
};

class TimerQueue {
 public:
  /// Fires what is due at `now_ns`, at most `budget` timers, earliest first.
  void run_due(std::uint64_t now_ns, std::uint32_t budget = 256);
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const;
  /// How many are armed for an earlier time.
  [[nodiscard]] std::size_t count_before(std::uint64_t deadline_ns) const {
    return static_cast<std::size_t>(std::distance(armed_.begin(), armed_.lower_bound(deadline_ns)));
  }

 private:
  friend class Timer;
  std::multimap<std::uint64_t, Timer*> armed_;
};

}  // namespace pvisor
