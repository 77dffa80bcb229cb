// SPDX-License-Identifier: MIT
// WorkQueue and WorkItem.
#include "core/work_queue.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

using namespace pvisor;

TEST_CASE("Work runs once per turn however often it was posted, in the order of the first posts") {
  WorkQueue queue;
  std::string order;
  WorkItem a(queue, [&] { order += "a"; });
  WorkItem b(queue, [&] { order += "b"; });
  b.post();
  a.post();
  b.post();
  CHECK_FALSE(queue.empty());
  queue.run_turn();
  CHECK(order == "ba");
  CHECK(queue.empty());
  queue.run_turn();
  CHECK(order == "ba");
}

TEST_CASE("Work that posts itself waits for the next turn") {
  WorkQueue queue;
  int runs = 0;
  std::optional<WorkItem> item;
  item.emplace(queue, [&] { ++runs; item->post(); });
  item->post();
  queue.run_turn();
  CHECK(runs == 1);
  CHECK_FALSE(queue.empty());
  queue.run_turn();
  CHECK(runs == 2);
}

TEST_CASE("Destroyed work does not run, also when work of the same turn destroys it") {
  WorkQueue queue;
  int runs = 0;
  auto victim = std::make_unique<WorkItem>(queue, [&] { ++runs; });
  WorkItem killer(queue, [&] { victim.reset(); });
  killer.post();
  victim->post();
  queue.run_turn();
  CHECK(runs == 0);
  CHECK(queue.empty());
}

TEST_CASE("Work may destroy itself while it runs") {
  WorkQueue queue;
  std::string text = "state of the callback";
  std::unique_ptr<WorkItem> item;
  item = std::make_unique<WorkItem>(queue, [&, copy = text] { item.reset(); text = copy + " survived"; });
  item->post();
  queue.run_turn();
  CHECK(item == nullptr);
  CHECK(text == "state of the callback survived");
}
