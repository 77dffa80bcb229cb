// SPDX-License-Identifier: MIT
// EngineWatch: the reactor waits for an asynchronous engine's vCPUs as well. Whoever turns the monitor then takes the exits.
#pragma once

#include <sys/epoll.h>

#include <memory>
#include <vector>

#include "base/reactor.hpp"
#include "engine/engine.hpp"

namespace pvisor {

class EngineWatch {
 public:
  /// Both must outlive it. Nothing to do for a synchronous engine.
  EngineWatch(Reactor& reactor, Engine& engine) {
    for (const int fd : engine.wait_fds()) {
      watches_.push_back(reactor.watch(fd, EPOLLIN, [&engine, fd](std::uint32_t) { engine.serve(fd); }));
    }
    if (!engine.traits().asynchronous) return;
    poll_ = reactor.add_poll_source([&engine] { return engine.has_exits(); }, [&engine](bool asleep) { engine.set_sleeping(asleep); });
  }

 private:
  std::vector<std::unique_ptr<Reactor::Watch>> watches_;
  std::unique_ptr<Reactor::PollSource> poll_;
};

}  // namespace pvisor
