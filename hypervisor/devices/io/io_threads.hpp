// SPDX-License-Identifier: MIT
// IoThreads: BlockIo on a few threads with pread, pwrite and fdatasync, for hosts that deny io_uring.
//
// A request is owned by the reactor's thread before and after, and by one worker in between; the mutex hands it over.
// Workers see only descriptors and vectors: spans are pinned and unpinned on the reactor's thread.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "base/reactor.hpp"
#include "devices/io/block_io.hpp"

namespace pvisor {

class IoThreads final : public BlockIo {
 public:
  explicit IoThreads(Reactor& reactor);
  ~IoThreads() override;

  void submit(std::unique_ptr<IoRequest> request) override;
  [[nodiscard]] std::string_view name() const override { return "threads"; }
  [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  bool collect();

  std::shared_ptr<Shared> shared_;  ///< shared with the workers: one stuck in the host may outlive this object
  std::vector<std::thread> workers_;
  std::size_t in_flight_ = 0;
  std::unique_ptr<Reactor::PollSource> source_;
};

}  // namespace pvisor
