// SPDX-License-Identifier: MIT
// WorkQueue: things the reactor thread must look at soon, each queued at most once however often it is asked for. Ring
// doorbells, xenstore events and I/O completions post their task here instead of running inside a guest's hypercall.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace pvisor {

class WorkQueue;

/// Owned by whoever is to be called; destroying it takes it off the queue. `run` must bound its own work and may post again.
class WorkItem {
 public:
  WorkItem(WorkQueue& queue, std::function<void()> run) : state_(std::make_shared<State>(State{std::move(run)})), queue_(&queue) {}
  WorkItem(const WorkItem&) = delete;
  WorkItem& operator=(const WorkItem&) = delete;
  ~WorkItem() { state_->run = nullptr; }
  inline void post();

 private:
  friend class WorkQueue;
  struct State {
    std::function<void()> run;
    bool queued = false;
  };
  std::shared_ptr<State> state_;
  WorkQueue* queue_;
};

class WorkQueue {
 public:
  [[nodiscard]] bool empty() const { return items_.empty(); }
  /// Runs what is queued now; what gets queued meanwhile waits for the next turn, so that nobody starves the guests.
  void run_turn() {
    for (std::size_t left = items_.size(); left > 0; --left) {
      const auto item = std::move(items_.front());
      items_.pop_front();
      item->queued = false;
      // A copy: the callback may destroy its own WorkItem.
      if (const auto run = item->run) run();
    }
  }

 private:
  friend class WorkItem;
  std::deque<std::shared_ptr<WorkItem::State>> items_;
};

inline void WorkItem::post() {
  if (std::exchange(state_->queued, true)) return;
  queue_->items_.push_back(state_);
}

}  // namespace pvisor
