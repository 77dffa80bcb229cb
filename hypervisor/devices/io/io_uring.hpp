// SPDX-License-Identifier: MIT
// IoUring: BlockIo on io_uring. Requests are collected and handed to the kernel in one call when the reactor waits;
// completions are read from the shared ring without a call. The ring's own descriptor wakes a sleeping reactor. (An eventfd
// switched on only for the sleep would be cheaper by a hair, but the kernel looks at the switch without a full barrier
// after it publishes a completion: once in a long while nobody would wake.)
#pragma once

#include <liburing.h>

#include <memory>
#include <vector>

#include "base/reactor.hpp"
#include "devices/io/block_io.hpp"

namespace pvisor {

class IoUring final : public BlockIo {
 public:
  /// Nothing, with errno set, if the host denies io_uring or lacks something we need.
  [[nodiscard]] static std::unique_ptr<IoUring> create(Reactor& reactor);
  ~IoUring() override;

  void submit(std::unique_ptr<IoRequest> request) override;
  [[nodiscard]] std::string_view name() const override { return "io_uring"; }
  [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }

 private:
  /// An io_uring with its set-up and tear-down.
  struct Ring {
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring();
    [[nodiscard]] bool open();
    io_uring uring{};
    bool is_open = false;
  };

  IoUring(Reactor& reactor, std::unique_ptr<Ring> ring);
  void queue(IoRequest* request);
  void submit_queued();
  [[nodiscard]] bool poll();
  bool reap();
  void ended(IoRequest* request, std::int64_t answer);
  void cancel_all();

  std::unique_ptr<Ring> ring_;
  std::vector<IoRequest*> waiting_;  ///< ours, no room in the submission ring yet
  std::size_t in_flight_ = 0;        ///< ours; the kernel holds their addresses
  bool closing_ = false;
  std::unique_ptr<Reactor::Watch> watch_;
  std::unique_ptr<Reactor::PollSource> source_;
};

}  // namespace pvisor
