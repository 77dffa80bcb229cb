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
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/host_error.hpp"
#include "base/scope_exit.hpp"

namespace pvisor {
namespace {

/// How long the destructor waits for requests that the host still holds.
constexpr auto kCloseTime = std::chrono::seconds(2);

/// Of all files together.
constexpr unsigned kMostWorkers = 64;

/// For each file, so that one whose host hangs leaves the others theirs.
unsigned workers_per_file() {
  static const unsigned count = std::clamp(std::thread::hardware_concurrency(), 2U, 4U);
  return count;
}

}  // namespace

/// The requests for one file.
struct IoThreads::Lane {
  [[nodiscard]] std::size_t startable() const { return std::min<std::size_t>(waiting.size(), workers_per_file() - busy); }

  std::deque<IoRequest*> waiting;
  unsigned busy = 0;  ///< workers that are at it
};

struct IoThreads::Shared {
  Shared(Reactor& reactor, Execute do_it, std::function<void()> on_wake)
      : execute(std::move(do_it)), wakeup(std::in_place, reactor, std::move(on_wake)) {}

  [[nodiscard]] std::size_t startable() const {
    std::size_t sum = 0;
    for (const auto& [fd, lane] : lanes) sum += lane.startable();
    return sum;
  }
  /// One that may be started, of each file in turn.
  IoRequest* take() {
    auto at = lanes.upper_bound(last_fd);
    for (std::size_t i = 0; i < lanes.size(); ++i, ++at) {
      if (at == lanes.end()) at = lanes.begin();
      Lane& lane = at->second;
      if (lane.startable() == 0) continue;
      IoRequest* const request = lane.waiting.front();
      lane.waiting.pop_front();
      ++lane.busy;
      last_fd = at->first;
      return request;
    }
    return nullptr;
  }
  void leave(int fd) {
    const auto at = lanes.find(fd);
    if (--at->second.busy == 0 && at->second.waiting.empty()) lanes.erase(at);
  }

  const Execute execute;
  std::mutex mutex;
  std::condition_variable work_or_stop;
  std::condition_variable worker_left;
  std::map<int, Lane> lanes;  ///< by descriptor; those in use
  int last_fd = -1;
  std::vector<std::pair<IoRequest*, std::int64_t>> done;
  bool stop = false;
  unsigned workers = 0;
  unsigned idle = 0;  ///< of them, without a request
  std::atomic<bool> any_done{false};           ///< what the poll source looks at
  std::optional<Reactor::Wakeup> wakeup;  ///< under the mutex; gone once the IoThreads is
};

IoThreads::IoThreads(Reactor& reactor, Execute execute)
    : shared_(std::make_shared<Shared>(reactor, std::move(execute), [this] { collect(); })),
      source_(reactor.add_poll_source([this] { return collect(); })) {
  const std::lock_guard lock(shared_->mutex);
  if (!start_worker()) throw HostError("cannot start a thread for disk I/O");
}

bool IoThreads::start_worker() {
  // The guests' engines use signals: workers take none of them. A new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const ScopeExit restore([&before] { pthread_sigmask(SIG_SETMASK, &before, nullptr); });
  try {
    workers_.emplace_back([shared = shared_] { work(shared); });
  } catch (const std::system_error&) {
    return false;
  }
  ++shared_->workers;
  ++shared_->idle;
  return true;
}

void IoThreads::submit(std::unique_ptr<IoRequest> request) {
  IoProgress::start(*request);
  ++in_flight_;
  const std::lock_guard lock(shared_->mutex);
  shared_->lanes[request->fd].waiting.push_back(request.get());
  [[maybe_unused]] IoRequest* const theirs = request.release();
  // If no worker can be started, those that there are do it.
  if (shared_->startable() > shared_->idle && workers_.size() < kMostWorkers) (void)start_worker();
  shared_->work_or_stop.notify_one();
}

void IoThreads::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (!shared->stop) {
    IoRequest* const request = shared->take();
    if (request == nullptr) {
      shared->work_or_stop.wait(lock);
      continue;
    }
    --shared->idle;
    const int fd = request->fd;  // ours no more once it is done
    lock.unlock();
    const std::int64_t result = shared->execute(*request);
    lock.lock();
    ++shared->idle;
    shared->leave(fd);
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
  for (auto& [fd, lane] : shared_->lanes) {
    for (IoRequest* request : lane.waiting) delete request;
    lane.waiting.clear();
  }
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
