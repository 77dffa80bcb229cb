// SPDX-License-Identifier: MIT
// Reactor on epoll: the only file that names it.
#include "base/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <span>
#include <utility>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "base/host_facts.hpp"

namespace pvisor {
namespace {

/// Memory that is always busy must not keep descriptors waiting: they are looked at every so many waits.
constexpr std::uint32_t kWaitsPerDescriptorLook = 16;
/// What an idle CPU takes to wake: the thread gets up so much earlier, and waits for its time awake.
constexpr std::uint64_t kWakeNs = 50'000;
/// Looks at the poll sources between two looks at the clock.
constexpr int kLooksPerClock = 16;
/// Descriptors served in one wait.
constexpr std::size_t kBatch = 32;

/// epoll_wait with nanoseconds; kernels and sandboxes without that call get milliseconds, rounded up.
int epoll_wait_ns(int epoll, std::span<epoll_event> events, std::optional<std::uint64_t> timeout_ns) {
  static bool precise = true;
  const auto count = static_cast<int>(events.size());
  if (precise) {
    timespec timeout{};
    if (timeout_ns) {
      timeout.tv_sec = static_cast<time_t>(*timeout_ns / 1'000'000'000U);
      timeout.tv_nsec = static_cast<long>(*timeout_ns % 1'000'000'000U);
    }
    const int ready = ::epoll_pwait2(epoll, events.data(), count, timeout_ns ? &timeout : nullptr, nullptr);
    if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
    precise = false;
  }
  constexpr std::uint64_t kLongestMs = std::numeric_limits<int>::max();
  const std::uint64_t whole_ms = timeout_ns ? *timeout_ns / 1'000'000 + (*timeout_ns % 1'000'000 != 0 ? 1 : 0) : 0;
  return ::epoll_wait(epoll, events.data(), count, timeout_ns ? static_cast<int>(std::min(whole_ms, kLongestMs)) : -1);
}

}  // namespace

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), spare_cpu_(allowed_cpus() > 1) {
  if (!epoll_.is_open()) throw HostError::from_errno("cannot create an epoll descriptor", errno);
}

Reactor::~Reactor() = default;

std::unique_ptr<Reactor::Watch> Reactor::watch(int fd, std::uint32_t events, FdCallback callback) {
  const std::uint64_t id = next_id_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw HostError::from_errno("cannot wait for file descriptor " + std::to_string(fd), errno);
  }
  callbacks_.emplace(id, std::make_shared<const FdCallback>(std::move(callback)));
  return std::unique_ptr<Watch>(new Watch(*this, fd, id));
}

Reactor::Watch::~Watch() {
  ::epoll_ctl(reactor_.epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  reactor_.callbacks_.erase(id_);
}

void Reactor::Watch::change(std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id_;
  PV_CHECK(::epoll_ctl(reactor_.epoll_.get(), EPOLL_CTL_MOD, fd_, &event) == 0);
}

std::unique_ptr<Reactor::PollSource> Reactor::add_poll_source(Poll poll, Sleeping sleeping) {
  auto state = std::make_shared<PollSource::State>(PollSource::State{std::move(poll), std::move(sleeping)});
  sources_.push_back(state);
  return std::unique_ptr<PollSource>(new PollSource(*this, std::move(state)));
}

Reactor::PollSource::~PollSource() {
  auto& sources = reactor_.sources_;
  sources.erase(std::find(sources.begin(), sources.end(), state_));
}

void Reactor::wait(std::optional<std::uint64_t> timeout_ns) {
  if (poll_sources()) {
    last_found_ns_ = monotonic_ns();
    if (++waits_without_descriptors_ < kWaitsPerDescriptorLook) return;
    serve_descriptors(0);
  } else if (timeout_ns == 0U) {
    serve_descriptors(0);
  } else if (!poll_for_a_while(timeout_ns)) {
    // A time to wake at is met by looking at the clock for the last moment: see kWakeNs.
    if (timeout_ns && spare_cpu_ && !sources_.empty()) timeout_ns = *timeout_ns - std::min(*timeout_ns, kWakeNs);
    if (timeout_ns != 0U) return sleep(timeout_ns);
    serve_descriptors(0);
  }
}

bool Reactor::poll_sources() {
  bool found = false;
  // By index, with a share in each: a source may end itself or others, or add some, while it is called.
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto source = sources_[i];
    if (source->poll()) found = true;
  }
  return found;
}

bool Reactor::poll_for_a_while(std::optional<std::uint64_t>& timeout_ns) {
  if (!spare_cpu_ || sources_.empty()) return false;
  const std::uint64_t start = monotonic_ns();
  std::uint64_t until = last_found_ns_ + kPollBoundNs;
  if (timeout_ns) {
    const std::uint64_t end = start + std::min(*timeout_ns, kPollBoundNs);
    until = *timeout_ns <= kWakeNs ? end : std::min(until, end);
  }
  std::uint64_t now = start;
  for (; now < until; now = monotonic_ns()) {
    // The clock costs as much as a look: it is asked seldom.
    for (int i = 0; i < kLooksPerClock; ++i) {
      __builtin_ia32_pause();
      if (!poll_sources()) continue;
      last_found_ns_ = monotonic_ns();
      return true;
    }
  }
  if (timeout_ns) *timeout_ns -= std::min(*timeout_ns, now - start);
  return false;
}

void Reactor::sleep(std::optional<std::uint64_t> timeout_ns) {
  tell_sources(true);
  if (poll_sources()) {
    last_found_ns_ = monotonic_ns();
  } else {
    ++sleeps_;
    serve_descriptors(timeout_ns);
  }
  tell_sources(false);
}

void Reactor::tell_sources(bool asleep) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto source = sources_[i];
    if (source->sleeping) source->sleeping(asleep);
  }
}

void Reactor::serve_descriptors(std::optional<std::uint64_t> timeout_ns) {
  waits_without_descriptors_ = 0;
  std::array<epoll_event, kBatch> events{};
  const int ready = epoll_wait_ns(epoll_.get(), events, timeout_ns);
  PV_CHECK(ready >= 0 || errno == EINTR);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    // An earlier callback of this batch may have ended this watch; ids are never used again.
    const auto found = callbacks_.find(event.data.u64);
    if (found == callbacks_.end()) continue;
    const auto callback = found->second;
    (*callback)(event.events);
  }
}

Reactor::Wakeup::Wakeup(Reactor& reactor, std::function<void()> on_wake)
    : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), on_wake_(std::move(on_wake)) {
  if (!event_.is_open()) throw HostError::from_errno("cannot create an eventfd", errno);
  watch_ = reactor.watch(event_.get(), EPOLLIN, [this](std::uint32_t) { woken(); });
}

void Reactor::Wakeup::signal() noexcept {
  if (signalled_.exchange(true)) return;
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable anyway.
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof(one));
  errno = saved_errno;
}

void Reactor::Wakeup::woken() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof(count));
  signalled_.store(false);  // before the callback looks, so that what comes later signals again
  on_wake_();
}

}  // namespace pvisor
