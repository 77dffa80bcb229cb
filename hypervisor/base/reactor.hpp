// SPDX-License-Identifier: MIT
// Reactor: where the monitor's one thread waits. File descriptors by epoll; memory that others write (completion rings,
// vCPU slots) by poll sources, which are looked at first and for a short while before the thread sleeps. An idle system
// sleeps in the kernel and uses no CPU.
//
//   auto watch = reactor.watch(fd, EPOLLIN, [&](std::uint32_t) { read_it(); });
//   while (alive) reactor.wait(monitor.turn() ? std::optional<std::uint64_t>(0) : time_left());
//
// All of it belongs to one thread, except Wakeup::signal().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.hpp"

namespace pvisor {

class Reactor {
 public:
  /// Longest time that wait() polls memory without finding anything before it sleeps.
  static constexpr std::uint64_t kPollBoundNs = 50'000;

  /// Gets the EPOLL* bits that are set. May destroy its own watch, or others.
  using FdCallback = std::function<void(std::uint32_t events)>;

  /// A descriptor being watched; destroying it ends that. The descriptor stays open at least as long.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// Waits for other EPOLL* bits from now on; 0 keeps only errors and hang-ups.
    void change(std::uint32_t events);

   private:
    friend class Reactor;
    Watch(Reactor& reactor, int fd, std::uint64_t id) : reactor_(reactor), fd_(fd), id_(id) {}
    Reactor& reactor_;
    int fd_;
    std::uint64_t id_;
  };

  /// Looks at memory only, serves what it finds and says whether it found anything.
  using Poll = std::function<bool()>;
  /// Told true before the thread may sleep and false afterwards: whoever fills the memory must then also make a watched
  /// descriptor readable. Poll is called once more after true, so nothing is lost in between.
  using Sleeping = std::function<void(bool)>;

  /// A poll source; destroying it ends that.
  class PollSource {
   public:
    ~PollSource();
    PollSource(const PollSource&) = delete;
    PollSource& operator=(const PollSource&) = delete;

   private:
    friend class Reactor;
    struct State {
      Poll poll;
      Sleeping sleeping;
    };
    PollSource(Reactor& reactor, std::shared_ptr<State> state) : reactor_(reactor), state_(std::move(state)) {}
    Reactor& reactor_;
    std::shared_ptr<State> state_;  ///< shared with a call under way
  };

  class Wakeup;

  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  [[nodiscard]] std::unique_ptr<Watch> watch(int fd, std::uint32_t events, FdCallback callback);
  [[nodiscard]] std::unique_ptr<PollSource> add_poll_source(Poll poll, Sleeping sleeping = {});

  /// Serves what is ready; if nothing is, waits, the last moment awake where there is a CPU to spare, for at most `timeout_ns` (0: not at all; nothing: for as long as it takes).
  /// Returns after serving something, after the time, or for no reason.
  void wait(std::optional<std::uint64_t> timeout_ns);

  /// How often the thread went to sleep in the kernel; for tests and statistics.
  [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

 private:
  [[nodiscard]] bool poll_sources();
  /// True if a source found something; else the time spent is taken off `timeout_ns`.
  [[nodiscard]] bool poll_for_a_while(std::optional<std::uint64_t>& timeout_ns);
  void tell_sources(bool asleep);
  void sleep(std::optional<std::uint64_t> timeout_ns);
  void serve_descriptors(std::optional<std::uint64_t> timeout_ns);

  UniqueFd epoll_;
  bool spare_cpu_ = false;  ///< polling makes sense only while somebody else can run
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<const FdCallback>> callbacks_;  ///< shared with a call under way
  std::vector<std::shared_ptr<PollSource::State>> sources_;
  std::uint64_t last_found_ns_ = 0;
  std::uint32_t waits_without_descriptors_ = 0;
  std::uint64_t sleeps_ = 0;
};

/// Lets another thread run a callback on the reactor's thread. Signals that come before it runs are one.
class Reactor::Wakeup {
 public:
  Wakeup(Reactor& reactor, std::function<void()> on_wake);
  /// Any thread, also a signal handler.
  void signal() noexcept;

 private:
  void woken();
  UniqueFd event_;
  std::atomic<bool> signalled_{false};
  std::function<void()> on_wake_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace pvisor
