// SPDX-License-Identifier: MIT
#include "core/timers.hpp"

namespace pvisor {

void Timer::arm(std::uint64_t deadline_ns) {
  disarm();
  position_ = queue_->armed_.emplace(deadline_ns, this);
  armed_ = true;
}

void Timer::disarm() {
  if (!std::exchange(armed_, false)) return;
  queue_->armed_.erase(position_);
}

void TimerQueue::run_due(std::uint64_t now_ns, std::uint32_t budget) {
  while (budget-- > 0 && !armed_.empty() && armed_.begin()->first <= now_ns) {
    Timer* timer = armed_.begin()->second;
    timer->disarm();
    timer->fire_();  // may destroy the timer: touch nothing after
  }
}

std::optional<std::uint64_t> TimerQueue::next_deadline() const {
  if (armed_.empty()) return std::nullopt;
  return armed_.begin()->first;
}

}  // namespace pvisor
