// SPDX-License-Identifier: MIT
// IoThreads: BlockIo on threads with pread, pwrite and fdatasync, for hosts that deny io_uring. Each file has a few at most: when its
// host hangs, the other files' requests go on. They are started when they are first needed.
//
// A request is owned by the reactor's thread before and after, and by one worker in between; the mutex hands it over.
// Workers see only descriptors and vectors: spans are pinned and unpinned on the reactor's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/reactor.hpp"
#include "devices/io/block_io.hpp"

namespace pvisor {

class IoThreads final : public BlockIo {
 public:
  using Execute = std::function<std::int64_t(IoRequest&)>;

  /// `execute` does a request, called by any thread; a test's host may hang in it.
  explicit IoThreads(Reactor& reactor, Execute execute = IoProgress::execute);
  ~IoThreads() override;

  void submit(std::unique_ptr<IoRequest> request) override;
  [[nodiscard]] std::string_view name() const override { return "threads"; }
  [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }

 private:
  struct Lane;
  struct Shared;
  /// Under the mutex.
  bool start_worker();
  static void work(const std::shared_ptr<Shared>& shared);
  bool collect();

  std::shared_ptr<Shared> shared_;  ///< shared with the workers: one stuck in the host may outlive this object
  std::vector<std::thread> workers_;
  std::size_t in_flight_ = 0;
  std::unique_ptr<Reactor::PollSource> source_;
};

}  // namespace pvisor
