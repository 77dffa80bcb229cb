// SPDX-License-Identifier: MIT
// The console: ring and device, with honest guests and hostile ones. Sinks and input are in console_sinks_test.cpp.
#include "devices/console/console_device.hpp"

#include <doctest/doctest.h>
#include <pvabi/io/console.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/console_world.hpp"

using namespace pvisor;

TEST_CASE("what the guest prints reaches the sink and the guest is told of the room") {
  ConsoleWorld w;
  w.print("hello\n");
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown == "hello\n");
  CHECK(w.get(w.kOutCons) == w.get(w.kOutProd));
  CHECK(w.domain.shared_info().is_pending(kConsolePort));
}

TEST_CASE("a long text passes through the ring in order, over its end and over the end of the indices") {
  ConsoleWorld w;
  w.domain.install(w.image_with_indices(0xfffff9f0U));
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + " ";
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t count = w.print(rest);
    REQUIRE(count > 0);
    rest.remove_prefix(count);
    w.ring_doorbell();
    w.turns();
  }
  CHECK(w.sink.shown == text);
}

TEST_CASE("a full sink stops the guest, loses nothing and goes on when it has room") {
  ConsoleWorld w;
  w.sink.room = 10;
  const std::string text(3000, 'x');
  const std::size_t first = w.print(text);
  CHECK(first == PV_XENCONS_OUT_SIZE);
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown.size() == 10);
  CHECK(w.get(w.kOutCons) == 10);
  CHECK(w.world.monitor.work().empty());  // nobody polls the sink
  CHECK(w.print(text) == 10);
  w.sink.give_room(100'000);
  w.turns();
  CHECK(w.sink.shown.size() == PV_XENCONS_OUT_SIZE + 10);
}

TEST_CASE("text that comes another way stays behind what the ring holds, however slow the sink is") {
  ConsoleWorld w;
  w.sink.room = 10;
  const std::string text(PV_XENCONS_OUT_SIZE, 'x');
  CHECK(w.print(text) == text.size());
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown.size() == 10);
  w.device->catch_up();
  w.console.write_all(bytes_of("by console_io\n"));
  CHECK(w.get(w.kOutCons) == PV_XENCONS_OUT_SIZE);  // the guest has room again
  CHECK(w.print("later") == 5);
  w.ring_doorbell();
  while (w.sink.shown.size() < text.size() + 14 + 5) {
    const std::size_t before = w.sink.shown.size();
    w.sink.give_room(700);
    w.turns();
    REQUIRE(w.sink.shown.size() > before);
  }
  CHECK(w.sink.shown == text + "by console_io\nlater");
}

TEST_CASE("where no room is kept for more, the ring keeps its output and text that comes another way is lost, and the log says so") {
  ConsoleWorld w;
  w.sink.room = 0;
  w.console.write_all(bytes_of(std::string(Console::kMaxBacklog - 3, 'b')));
  w.print("ring");
  w.device->catch_up();
  w.console.write_all(bytes_of("lost"));
  CHECK(w.get(w.kOutCons) == 3);
  w.sink.give_room(2 * Console::kMaxBacklog);
  w.turns();
  CHECK(w.sink.shown == std::string(Console::kMaxBacklog - 3, 'b') + "ring");
  REQUIRE(w.log.size() == 1);
  CHECK(w.log[0].find("console: 4 bytes of output were lost") == 0);
}

TEST_CASE("keys reach the guest as far as the ring has room, then the rest") {
  ConsoleWorld w;
  const std::string typed(1500, 'k');
  w.console.add_input(bytes_of(typed + "end"));
  w.turns();
  CHECK(w.domain.shared_info().is_pending(kConsolePort));
  CHECK(w.read() == std::string(1024, 'k'));
  w.ring_doorbell();
  w.turns();
  CHECK(w.read() == std::string(1500 - 1024, 'k') + "end");
  CHECK_FALSE(w.console.has_input());
}

TEST_CASE("more output than the ring has switches the console off with one line in the log") {
  for (const std::uint32_t producer : {2049U, 0x80000000U, 0xffffffffU}) {
    ConsoleWorld w;
    w.set(w.kOutProd, producer);
    for (int i = 0; i < 5; ++i) {
      w.ring_doorbell();
      w.turns();
    }
    CHECK(w.sink.shown.empty());
    REQUIRE(w.log.size() == 1);
    CHECK(w.log[0] == "console: the guest broke its ring's indices; its console is off");
  }
}

TEST_CASE("a producer that goes back is a broken ring") {
  ConsoleWorld w;
  w.print("abc");
  w.ring_doorbell();
  w.turns();
  w.set(w.kOutProd, 2);
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown == "abc");
  CHECK(w.log.size() == 1);
}

TEST_CASE("an impossible consumer of the input ring is a broken ring") {
  ConsoleWorld w;
  w.set(w.kInCons, 1);
  w.console.add_input(bytes_of("x"));
  w.turns();
  CHECK(w.log.size() == 1);
  CHECK(w.get(w.kInProd) == 0);
}

TEST_CASE("the guest cannot disturb the back end by writing the back end's indices") {
  ConsoleWorld w;
  w.print("one");
  w.ring_doorbell();
  w.turns();
  w.set(w.kOutCons, 0);
  w.set(w.kInProd, 77);
  w.page().copy_out(w.kOut + 3, bytes_of("two"));
  w.set(w.kOutProd, 6);
  w.console.add_input(bytes_of("i"));
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown == "onetwo");
  CHECK(w.get(w.kInProd) == 1);
  CHECK(w.log.empty());
}

TEST_CASE("indices that change at random never read outside the ring or loop") {
  ConsoleWorld w;
  std::uint32_t random = 1;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 1664525U + 1013904223U;
    w.set(w.kOutProd, random);
    w.set(w.kInCons, random >> 7);
    w.device->catch_up();
  }
  CHECK(w.log.size() == 1);
}

TEST_CASE("a chain-load takes along output not yet shown and input not yet read") {
  ConsoleWorld w;
  w.sink.room = 4;
  w.print("last words");
  w.console.add_input(bytes_of("key"));
  w.turns();
  CHECK(w.get(w.kInProd) == 3);
  w.set(w.kInCons, 1);  // the old kernel read one
  w.console.add_input(bytes_of("more"));
  w.chainload();
  w.turns();
  CHECK(w.read() == "eymore");
  w.print(" of the new");
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown == "last");
  w.sink.give_room(1000);
  w.turns();
  CHECK(w.sink.shown == "last words of the new");
}

TEST_CASE("a broken console works again after a chain-load") {
  ConsoleWorld w;
  w.set(w.kOutProd, 5000);
  w.ring_doorbell();
  w.turns();
  w.chainload();
  w.print("fine");
  w.ring_doorbell();
  w.turns();
  CHECK(w.sink.shown == "fine");
}

TEST_CASE("a kernel that scribbled over its input ring does not change what the next one reads") {
  ConsoleWorld w;
  w.console.add_input(bytes_of("secret"));
  w.turns();
  w.page().copy_out(w.kIn, bytes_of("forged"));
  w.chainload();
  w.turns();
  CHECK(w.read() == "secret");
}

TEST_CASE("the end of a domain keeps its last words for the sink") {
  FakeSink sink;
  Console console(sink, [](const std::string&) {});
  FakeWorld world;
  Domain& domain = world.add_domain();
  domain.add_device(std::make_unique<ConsoleDevice>(console, world.monitor.work()));
  const SharedPage page = domain.memory().share(domain.image().console).value();
  page.copy_out(ConsoleWorld::kOut, bytes_of("bye"));
  page.store<std::uint32_t>(ConsoleWorld::kOutProd, 3);
  sink.room = 1;
  world.monitor.destroy_domain(domain.id());
  CHECK_FALSE(console.is_drained());
  sink.give_room(10);
  CHECK(sink.shown == "bye");
  CHECK(console.is_drained());
}

TEST_CASE("text that cannot wait is kept up to a limit and then counted in the log") {
  FakeSink sink;
  std::vector<std::string> log;
  Console console(sink, [&](const std::string& line) { log.push_back(line); });
  sink.room = 0;
  const std::string text(Console::kMaxBacklog - 10, 'a');
  console.write_all(bytes_of(text));
  console.write_all(bytes_of("0123456789lost"));
  CHECK(log.empty());
  sink.give_room(SIZE_MAX / 4);
  CHECK(sink.shown == text + "0123456789");
  REQUIRE(log.size() == 1);
  CHECK(log[0] == "console: 4 bytes of output were lost: the reader is too slow for console_io");
}
