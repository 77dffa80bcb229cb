// SPDX-License-Identifier: MIT
// TimerQueue and Timer.
#include "core/timers.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace pvisor;

TEST_CASE("Due timers fire in the order of their deadlines, the others stay armed") {
  TimerQueue queue;
  std::string order;
  Timer late(queue, [&] { order += "l"; });
  Timer early(queue, [&] { order += "e"; });
  Timer future(queue, [&] { order += "f"; });
  late.arm(20);
  early.arm(10);
  future.arm(31);
  queue.run_due(30);
  CHECK(order == "el");
  CHECK_FALSE(early.is_armed());
  CHECK(future.is_armed());
  CHECK(queue.next_deadline() == 31);
}

TEST_CASE("A timer fires at its deadline, not a nanosecond before, and once") {
  TimerQueue queue;
  int fired = 0;
  Timer timer(queue, [&] { ++fired; });
  timer.arm(100);
  queue.run_due(99);
  CHECK(fired == 0);
  queue.run_due(100);
  queue.run_due(1000);
  CHECK(fired == 1);
  CHECK_FALSE(queue.next_deadline().has_value());
}

TEST_CASE("Arming again replaces the deadline and disarming removes it") {
  TimerQueue queue;
  int fired = 0;
  Timer timer(queue, [&] { ++fired; });
  timer.arm(10);
  timer.arm(50);
  CHECK(queue.next_deadline() == 50);
  queue.run_due(20);
  CHECK(fired == 0);
  timer.disarm();
  timer.disarm();
  queue.run_due(100);
  CHECK(fired == 0);
}

TEST_CASE("A destroyed timer never fires, even when another timer destroys it in the same run") {
  TimerQueue queue;
  int fired = 0;
  auto victim = std::make_unique<Timer>(queue, [&] { ++fired; });
  Timer killer(queue, [&] { victim.reset(); });
  killer.arm(1);
  victim->arm(2);
  queue.run_due(10);
  CHECK(fired == 0);
  CHECK_FALSE(queue.next_deadline().has_value());
}

TEST_CASE("A timer may arm or destroy itself while it fires") {
  TimerQueue queue;
  std::unique_ptr<Timer> once;
  once = std::make_unique<Timer>(queue, [&] { once.reset(); });
  once->arm(5);
  int fired = 0;
  std::unique_ptr<Timer> periodic;
  periodic = std::make_unique<Timer>(queue, [&] { periodic->arm(static_cast<std::uint64_t>(10 * (++fired + 1))); });
  periodic->arm(10);
  queue.run_due(35);
  CHECK(once == nullptr);
  CHECK(fired == 3);
  CHECK(queue.next_deadline() == 40);
}

TEST_CASE("A timer that always arms itself in the past cannot hold the queue for longer than the budget") {
  TimerQueue queue;
  int fired = 0;
  std::unique_ptr<Timer> eager;
  eager = std::make_unique<Timer>(queue, [&] { ++fired; eager->arm(0); });
  eager->arm(0);
  queue.run_due(1, 7);
  CHECK(fired == 7);
  CHECK(queue.next_deadline() == 0);
}

TEST_CASE("Timers with the same deadline all fire, the first armed first") {
  TimerQueue queue;
  std::string order;
  Timer a(queue, [&] { order += "a"; });
  Timer b(queue, [&] { order += "b"; });
  b.arm(~std::uint64_t{0});
  a.arm(~std::uint64_t{0});
  queue.run_due(~std::uint64_t{0} - 1);
  CHECK(order.empty());
  queue.run_due(~std::uint64_t{0});
  CHECK(order == "ba");
}

TEST_CASE("the queue counts what is armed for an earlier time") {
  TimerQueue queue;
  Timer soon(queue, [] {});
  Timer late(queue, [] {});
  soon.arm(10);
  late.arm(20);
  CHECK(queue.count_before(10) == 0);
  CHECK(queue.count_before(11) == 1);
  CHECK(queue.count_before(~std::uint64_t{0}) == 2);
  late.disarm();
  CHECK(queue.count_before(~std::uint64_t{0}) == 1);
}
