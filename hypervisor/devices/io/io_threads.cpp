// SPDX-License-Identifier: MIT
#include "devices/io/io_threads.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/host_error.hpp"
#include "base/scope_exit.hpp"

namespace pvisor {
namespace {

/// How long the destructor waits for requests that the host still holds.
constexpr auto kCloseTime = std::chrono::seconds(2);

unsigned worker_count() { return std::clamp(std::thread::hardware_concurrency(), 2U, 4U); }

}  // namespace

struct IoThreads::Shared {
  Shared(Reactor& reactor, std::function<void()> on_wake) : wakeup(std::in_place, reactor, std::move(on_wake)) {}

  std::mutex mutex;
  std::condition_variable work_or_stop;
  std::condition_variable worker_left;
  std::deque<IoRequest*> queue;
  std::vector<std::pair<IoRequest*, std::int64_t>> done;
  bool stop = false;
  unsigned workers = 0;
  std::atomic<bool> any_done{false};           ///< what the poll source looks at
  std::optional<Reactor::Wakeup> wakeup;  ///< under the mutex; gone once the IoThreads is
};

IoThreads::IoThreads(Reactor& reactor)
    : shared_(std::make_shared<Shared>(reactor, [this] { collect(); })),
      source_(reactor.add_poll_source([this] { return collect(); })) {
  // The guests' engines use signals: workers take none of them. A new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const ScopeExit restore([&before] { pthread_sigmask(SIG_SETMASK, &before, nullptr); });
  for (unsigned i = 0; i < worker_count(); ++i) {
    try {
      workers_.emplace_back([shared = shared_] { work(shared); });
    } catch (const std::system_error& error) {
      if (workers_.empty()) throw HostError(std::string("cannot start a thread for disk I/O: ") + error.what());
      break;
    }
    const std::lock_guard lock(shared_->mutex);
    ++shared_->workers;
  }
}

void IoThreads::submit(std::unique_ptr<IoRequest> request) {
  IoProgress::start(*request);
  ++in_flight_;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->queue.push_back(request.release());
  }
  shared_->work_or_stop.notify_one();
}

void IoThreads::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->work_or_stop.wait(lock, [&] { return shared->stop || !shared->queue.empty(); });
    if (shared->stop) break;
    IoRequest* const request = shared->queue.front();
    shared->queue.pop_front();
    lock.unlock();
    const std::int64_t result = IoProgress::execute(*request);
    lock.lock();
    shared->done.emplace_back(request, result);
    shared->any_done.store(true, std::memory_order_release);
    if (shared->wakeup) shared->wakeup->signal();
  }
  --shared->workers;
  shared->worker_left.notify_all();
}

bool IoThreads::collect() {
  if (!shared_->any_done.load(std::memory_order_acquire)) return false;
  std::vector<std::pair<IoRequest*, std::int64_t>> done;
  {
    const std::lock_guard lock(shared_->mutex);
    done.swap(shared_->done);
    shared_->any_done.store(false, std::memory_order_relaxed);
  }
  for (const auto& [request, result] : done) {
    --in_flight_;
    request->complete(std::unique_ptr<IoRequest>(request), result);
  }
  return !done.empty();
}

IoThreads::~IoThreads() {
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  for (IoRequest* request : shared_->queue) delete request;
  shared_->queue.clear();
  shared_->work_or_stop.notify_all();
  const bool all_left = shared_->worker_left.wait_for(lock, kCloseTime, [this] { return shared_->workers == 0; });
  for (const auto& done : shared_->done) delete done.first;
  shared_->done.clear();
  shared_->wakeup.reset();
  lock.unlock();
  // A worker stuck in the host is left behind with its request, which stays allocated.
  for (std::thread& worker : workers_) all_left ? worker.join() : worker.detach();
}

}  // namespace pvisor
