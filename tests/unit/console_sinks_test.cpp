// SPDX-License-Identifier: MIT
// The console's host side: pipes, files, several guests on one sink, and input; with slow readers and none.
#include "devices/console/sinks.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_error.hpp"
#include "base/unique_fd.hpp"
#include "support/console_test_sink.hpp"
#include "core/timers.hpp"
#include "devices/console/console.hpp"
#include "devices/console/input.hpp"

using namespace pvisor;

namespace {

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
  ConsoleInput input(reactor, work, pipe.read_end.get(), console);
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
  ConsoleInput input(reactor, work, file.get(), console);
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
  ConsoleInput input(reactor, work, pipe.read_end.get(), console, {{std::byte{0x1d}}, [&](std::byte) { ++escapes; return false; }});
  console.add_input(bytes_of(std::string(Console::kMaxInput - 1, 'k')));
  REQUIRE(::write(pipe.write_end.get(), "ab\x1d" "c", 4) == 4);
  while (escapes == 0) reactor.wait(std::nullopt);
  CHECK(console.input_room() == 0);
  std::vector<std::byte> out(Console::kMaxInput);
  CHECK(console.take_input(out) == Console::kMaxInput);
  CHECK(out.back() == std::byte{'a'});
  CHECK(escapes == 1);
}
