// SPDX-License-Identifier: MIT
#include "base/reactor.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

using namespace pvisor;

namespace {

struct Event {
  UniqueFd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  void set() const {
    const std::uint64_t one = 1;
    REQUIRE(::write(fd.get(), &one, sizeof(one)) == sizeof(one));
  }
  void clear() const {
    std::uint64_t count = 0;
    REQUIRE(::read(fd.get(), &count, sizeof(count)) == sizeof(count));
  }
};

}  // namespace

TEST_CASE("a ready descriptor calls back, an ended watch does not") {
  Reactor reactor;
  const Event event;
  int calls = 0;
  auto watch = reactor.watch(event.fd.get(), EPOLLIN, [&](std::uint32_t events) {
    CHECK((events & EPOLLIN) != 0);
    ++calls;
  });
  reactor.wait(0);
  CHECK(calls == 0);
  event.set();
  reactor.wait(std::nullopt);
  CHECK(calls == 1);
  watch->change(0);
  reactor.wait(0);
  CHECK(calls == 1);
  watch->change(EPOLLIN);
  reactor.wait(0);
  CHECK(calls == 2);
  watch.reset();
  reactor.wait(0);
  CHECK(calls == 2);
}

TEST_CASE("a callback may end its own watch and the others' that are ready with it") {
  Reactor reactor;
  const Event first;
  const Event second;
  int calls = 0;
  std::unique_ptr<Reactor::Watch> one;
  std::unique_ptr<Reactor::Watch> two;
  const auto end_both = [&](std::uint32_t) {
    ++calls;
    one.reset();
    two.reset();
  };
  one = reactor.watch(first.fd.get(), EPOLLIN, end_both);
  two = reactor.watch(second.fd.get(), EPOLLIN, end_both);
  first.set();
  second.set();
  reactor.wait(0);
  reactor.wait(0);
  CHECK(calls == 1);
}

TEST_CASE("a wait ends after its time, however short") {
  Reactor reactor;
  for (const std::uint64_t timeout : {1ULL, 1'000ULL, 2'000'000ULL}) reactor.wait(timeout);
  CHECK(reactor.sleeps() == 3);
}

TEST_CASE("a poll source that finds something keeps the reactor from sleeping, and descriptors get their turn") {
  Reactor reactor;
  const Event event;
  int polled = 0;
  int called = 0;
  auto source = reactor.add_poll_source([&] {
    ++polled;
    return true;
  });
  auto watch = reactor.watch(event.fd.get(), EPOLLIN, [&](std::uint32_t) { ++called; });
  event.set();
  for (int i = 0; i < 64; ++i) reactor.wait(std::nullopt);
  CHECK(polled == 64);
  CHECK(called >= 1);
  CHECK(reactor.sleeps() == 0);
  source.reset();
  reactor.wait(std::nullopt);
  CHECK(polled == 64);
}

TEST_CASE("a poll source is told of sleep and asked once more before it") {
  Reactor reactor;
  bool asleep = false;
  bool found_after_announcement = false;
  auto source = reactor.add_poll_source(
      [&] {
        found_after_announcement = asleep;
        return asleep;
      },
      [&](bool now) { asleep = now; });
  reactor.wait(std::nullopt);
  CHECK(found_after_announcement);
  CHECK(!asleep);
  CHECK(reactor.sleeps() == 0);
}

TEST_CASE("an idle reactor does not poll: it looks twice and sleeps") {
  Reactor reactor;
  int polled = 0;
  auto source = reactor.add_poll_source([&] {
    ++polled;
    return false;
  });
  for (int i = 0; i < 5; ++i) reactor.wait(100'000);
  CHECK(polled == 10);
  CHECK(reactor.sleeps() == 5);
}

TEST_CASE("a poll source may end itself while it is polled") {
  Reactor reactor;
  std::unique_ptr<Reactor::PollSource> source;
  int polled = 0;
  source = reactor.add_poll_source([&] {
    ++polled;
    source.reset();
    return true;
  });
  reactor.wait(0);
  reactor.wait(0);
  CHECK(polled == 1);
}

TEST_CASE("another thread wakes a sleeping reactor, and no signal is lost") {
  Reactor reactor;
  std::atomic<int> posted{0};
  int seen = 0;
  Reactor::Wakeup wakeup(reactor, [&] { seen = posted.load(); });
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      posted.fetch_add(1);
      wakeup.signal();
    }
  });
  while (seen < 1000) reactor.wait(std::nullopt);
  other.join();
  CHECK(seen == 1000);
}

TEST_CASE("a signal ends a wait and nothing else") {
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, &before);
  Reactor reactor;
  const pthread_t self = ::pthread_self();
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done.load()) {
      ::pthread_kill(self, SIGUSR1);
      std::this_thread::yield();
    }
  });
  reactor.wait(std::nullopt);  // nothing else would end it
  done.store(true);
  other.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  CHECK(reactor.sleeps() == 1);
}
