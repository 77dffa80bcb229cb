// SPDX-License-Identifier: MIT
// The console: ring, host side and sinks, with honest guests, hostile ones and slow readers.
#include "devices/console/console_device.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pvabi/io/console.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_error.hpp"
#include "devices/console/input.hpp"
#include "devices/console/sinks.hpp"
#include "support/fake_engine_world.hpp"

using namespace pvisor;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Takes `room` bytes and then no more until it is given room.
class FakeSink final : public ConsoleSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) override {
    const std::size_t count = std::min(room, bytes.size());
    shown.append(reinterpret_cast<const char*>(bytes.data()), count);
    room -= count;
    return count;
  }
  void give_room(std::size_t more) {
    room += more;
    tell_room();
  }
  std::string shown;
  std::size_t room = SIZE_MAX / 2;
};

/// A domain with a console and the guest's side of its ring.
class ConsoleWorld {
 public:
  ConsoleWorld()
      : console(sink, [this](const std::string& line) { log.push_back(line); }), domain(world.add_domain()) {
    auto made = std::make_unique<ConsoleDevice>(console, world.monitor.work());
    device = made.get();
    domain.add_device(std::move(made));
  }
  ~ConsoleWorld() { world.monitor.destroy_domain(domain.id()); }

  [[nodiscard]] SharedPage page() const { return domain.memory().share(domain.image().console).value(); }
  void set(std::size_t offset, std::uint32_t value) const { page().store<std::uint32_t>(offset, value); }
  [[nodiscard]] std::uint32_t get(std::size_t offset) const { return page().load<std::uint32_t>(offset); }

  /// The guest prints what fits; answers how much that was.
  std::size_t print(std::string_view text) const {
    const std::uint32_t cons = get(kOutCons);
    std::uint32_t prod = get(kOutProd);
    std::size_t count = 0;
    for (; count < text.size() && prod - cons < PV_XENCONS_OUT_SIZE; ++count, ++prod) {
      page().copy_out(kOut + (prod & (PV_XENCONS_OUT_SIZE - 1)), bytes_of(text.substr(count, 1)));
    }
    set(kOutProd, prod);
    return count;
  }
  /// The guest reads all there is.
  [[nodiscard]] std::string read() const {
    std::string text;
    std::uint32_t cons = get(kInCons);
    for (; cons != get(kInProd); ++cons) {
      text += static_cast<char>(page().load<std::uint8_t>(kIn + (cons & (PV_XENCONS_IN_SIZE - 1))));
    }
    set(kInCons, cons);
    return text;
  }
  void ring_doorbell() { CHECK(domain.events().send(kConsolePort) == 0); }
  void turns(int count = 8) {
    for (int i = 0; i < count; ++i) world.monitor.work().run_turn();
  }
  void chainload() { domain.install(make_fake_image(world.engine, FakeWorld::kRamPages)); }

  /// An image whose console's indices do not begin at 0.
  [[nodiscard]] DomainImage image_with_indices(std::uint32_t index) {
    DomainImage image = make_fake_image(world.engine, FakeWorld::kRamPages);
    const auto page_bytes = image.space->ram()->bytes().subspan(image.console.value() * kPageSize, kPageSize);
    for (const std::size_t offset : {kOutCons, kOutProd}) std::memcpy(&page_bytes[offset], &index, sizeof index);
    return image;
  }

  static constexpr std::size_t kIn = offsetof(pv_xencons_interface, in);
  static constexpr std::size_t kOut = offsetof(pv_xencons_interface, out);
  static constexpr std::size_t kInCons = offsetof(pv_xencons_interface, in_cons);
  static constexpr std::size_t kInProd = offsetof(pv_xencons_interface, in_prod);
  static constexpr std::size_t kOutCons = offsetof(pv_xencons_interface, out_cons);
  static constexpr std::size_t kOutProd = offsetof(pv_xencons_interface, out_prod);

  FakeWorld world;
  FakeSink sink;
  std::vector<std::string> log;
  Console console;
  Domain& domain;
  ConsoleDevice* device = nullptr;
};

/// A pipe that ends with the test.
struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    read_end.reset(fds[0]);
    write_end.reset(fds[1]);
  }
  [[nodiscard]] std::string take(std::size_t at_most = 1 << 20) const {
    std::string text(at_most, '\0');
    const ssize_t got = ::read(read_end.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  UniqueFd read_end, write_end;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

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

TEST_CASE("a pipe nobody reads takes what fits, stays blocking for others and goes on later") {
  Reactor reactor;
  Pipe pipe;
  std::vector<std::string> log;
  FdSink sink(reactor, pipe.write_end.get(), [&](const std::string& line) { log.push_back(line); });
  bool told = false;
  sink.set_room_callback([&] { told = true; });
  const std::string much(1 << 20, 'p');
  const std::size_t taken = sink.write(bytes_of(much));
  CHECK(taken < much.size());
  CHECK(sink.write(bytes_of("x")) == 0);
  CHECK((::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(pipe.take().size() == taken);
  while (!told) reactor.wait(std::nullopt);
  CHECK(sink.write(bytes_of("x")) == 1);
  CHECK(log.empty());
}

TEST_CASE("a reader that went away costs one line in the log and stops nobody") {
  ::signal(SIGPIPE, SIG_IGN);
  Reactor reactor;
  Pipe pipe;
  std::vector<std::string> log;
  FdSink sink(reactor, pipe.write_end.get(), [&](const std::string& line) { log.push_back(line); });
  pipe.read_end.reset();
  for (int i = 0; i < 3; ++i) CHECK(sink.write(bytes_of("text")) == 4);
  CHECK(log.size() == 1);
}

TEST_CASE("a console file is begun anew and becomes FILE.1 when it is full") {
  char folder[] = "/tmp/pvisor-console-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/c.log";
  std::ofstream(path) << "old";
  {
    FileSink sink(path, [](const std::string&) {}, 8);
    CHECK(sink.write(bytes_of("12345678")) == 8);
    CHECK(content(path) == "12345678");
    CHECK(sink.write(bytes_of("9")) == 1);
    CHECK(content(path) == "9");
    CHECK(content(path + ".1") == "12345678");
  }
  CHECK_THROWS_AS(FileSink(std::string(folder), [](const std::string&) {}), HostError);
  CHECK_THROWS_AS(FileSink("/nonexistent/x", [](const std::string&) {}), HostError);
  ::unlink(path.c_str());
  ::unlink((path + ".1").c_str());
  ::rmdir(folder);
}

TEST_CASE("several guests on one sink have their names before each line") {
  FakeSink out;
  TimerQueue timers;
  LineMux mux(out);
  const auto now = [] { return std::uint64_t{0}; };
  PrefixSink a(mux, "a", timers, now);
  PrefixSink b(mux, "b", timers, now);
  CHECK(a.write(bytes_of("one\ntw")) == 6);
  CHECK(b.write(bytes_of("x\n")) == 2);
  CHECK(a.write(bytes_of("o\n")) == 2);
  CHECK(out.shown == "a: one\nb: x\na: two\n");
}

TEST_CASE("an unfinished line appears after a while and is ended before another guest speaks") {
  FakeSink out;
  TimerQueue timers;
  LineMux mux(out);
  const auto now = [] { return std::uint64_t{0}; };
  PrefixSink a(mux, "a", timers, now);
  PrefixSink b(mux, "b", timers, now);
  CHECK(a.write(bytes_of("login: ")) == 7);
  CHECK(out.shown.empty());
  CHECK(a.is_holding());
  timers.run_due(PrefixSink::kPatienceNs);
  CHECK(out.shown == "a: login: ");
  CHECK_FALSE(a.is_holding());
  CHECK(a.write(bytes_of("root\nend")) == 8);
  CHECK(out.shown == "a: login: root\n");
  a.finish();
  CHECK(b.write(bytes_of("hi\n")) == 3);
  CHECK(out.shown == "a: login: root\na: end\nb: hi\n");
}

TEST_CASE("a line without an end goes out in pieces and a slow sink holds up the guest behind it") {
  FakeSink out;
  TimerQueue timers;
  LineMux mux(out);
  PrefixSink a(mux, "a", timers, [] { return std::uint64_t{0}; });
  int told = 0;
  a.set_room_callback([&] { ++told; });
  out.room = 5;
  const std::string text(3000, 'x');
  const std::size_t taken = a.write(bytes_of(text));
  CHECK(taken == PrefixSink::kMaxLine);
  CHECK(out.shown == "a: xx");
  out.give_room(100'000);
  CHECK(told == 1);
  CHECK(a.write(bytes_of(text.substr(taken) + "\n")) == text.size() - taken + 1);
  CHECK(out.shown == "a: " + text + "\n");
}

TEST_CASE("input is read while there is room and its end ends nothing else") {
  Reactor reactor;
  WorkQueue work;
  FakeSink sink;
  Console console(sink, [](const std::string&) {});
  Pipe pipe;
  ConsoleInput input(reactor, work, pipe.read_end.get(), console, std::nullopt, [] {});
  const std::string typed(Console::kMaxInput, 'i');
  REQUIRE(::write(pipe.write_end.get(), typed.data(), typed.size()) == static_cast<ssize_t>(typed.size()));
  while (console.input_room() > 0) reactor.wait(std::nullopt);
  REQUIRE(::write(pipe.write_end.get(), "more", 4) == 4);
  pipe.write_end.reset();
  reactor.wait(0);
  CHECK(console.input_room() == 0);
  std::vector<std::byte> out(Console::kMaxInput);
  CHECK(console.take_input(out) == Console::kMaxInput);
  while (!console.has_input()) reactor.wait(std::nullopt);
  CHECK(console.take_input(out) == 4);
}

TEST_CASE("a file as input is read although it cannot be watched") {
  Reactor reactor;
  WorkQueue work;
  FakeSink sink;
  Console console(sink, [](const std::string&) {});
  char path[] = "/tmp/pvisor-input-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  ::unlink(path);
  REQUIRE(::write(file.get(), "typed", 5) == 5);
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  ConsoleInput input(reactor, work, file.get(), console, std::nullopt, [] {});
  while (!work.empty()) work.run_turn();
  std::vector<std::byte> out(100);
  CHECK(console.take_input(out) == 5);
}

TEST_CASE("the escape key leaves, is not passed on, and is seen behind keys that nobody reads") {
  Reactor reactor;
  WorkQueue work;
  FakeSink sink;
  Console console(sink, [](const std::string&) {});
  Pipe pipe;
  int escapes = 0;
  ConsoleInput input(reactor, work, pipe.read_end.get(), console, std::byte{0x1d}, [&] { ++escapes; });
  console.add_input(bytes_of(std::string(Console::kMaxInput - 1, 'k')));
  REQUIRE(::write(pipe.write_end.get(), "ab\x1d" "c", 4) == 4);
  while (escapes == 0) reactor.wait(std::nullopt);
  CHECK(console.input_room() == 0);
  std::vector<std::byte> out(Console::kMaxInput);
  CHECK(console.take_input(out) == Console::kMaxInput);
  CHECK(out.back() == std::byte{'a'});
  CHECK(escapes == 1);
}
