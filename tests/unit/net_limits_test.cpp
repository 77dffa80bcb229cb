// SPDX-License-Identifier: MIT
// How much an interface may send, forwarded ports, and what is captured.
#include <doctest/doctest.h>

#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/host_error.hpp"
#include "devices/net/frame_capture.hpp"
#include "devices/net/rate_limit.hpp"
#include "devices/net/user_net.hpp"
#include "support/net_test_world.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

/// A guest that may send 1000 bytes in each 10 ms.
struct LimitedWorld {
  std::unique_ptr<NetRoom> room = std::make_unique<NetRoom>();
  KeptFrames sent;
  TimerQueue timers;
  std::uint64_t now = 1'000 * kMs;
  NetTestGuest guest{*room, test_mac(1), [this](NetSide&) { return std::make_unique<LonelyWorld::Link>(sent); }, {},
                     {NetTuning::Limit{{1000, 10 * kMs}, timers, [this] { return now; }}, nullptr}};

  /// Lets time pass until the next timer has fired.
  bool wait() {
    const auto deadline = timers.next_deadline();
    if (!deadline) return false;
    now = *deadline;
    timers.run_due(now);
    guest.guest.run();
    return true;
  }
};

/// A file of its own, removed with the object.
struct CaptureFile {
  std::string path = std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") + "/pvisor-capture-XXXXXX";
  std::vector<std::string> log;
  CaptureFile() { ::close(::mkstemp(path.data())); }
  ~CaptureFile() { ::unlink(path.c_str()); }
  FrameCapture::World world() {
    return {FileRoot::whole(), [] { return std::uint64_t{5'000'000'007}; }, [this](const std::string& line) { log.push_back(line); }};
  }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

}  // namespace

TEST_CASE("rates are written as in xl") {
  CHECK(NetRate::parse("10Mb/s") == NetRate{62'500, 50 * kMs});
  CHECK(NetRate::parse("1MB/s@20ms") == NetRate{20'000, 20 * kMs});
  CHECK(NetRate::parse("8Kb/s@1s") == NetRate{1000, 1000 * kMs});
  CHECK(NetRate::parse("1GB/s@100us") == NetRate{100'000, kMs / 10});
  CHECK(NetRate::parse("1b/s") == NetRate{1, 8'000 * kMs});  // a byte in 8 s
  for (const char* const bad : {"", "10", "Mb/s", "0Mb/s", "-1Mb/s", "10mb/s", "10Mb/s@", "10Mb/s@0ms", "10Mb/s@2s", "10Mb/s@5", "10 Mb/s",
                                "18446744073709551615GB/s", "18446744073709551616b/s", "1001GB/s", "1.5Mb/s"}) {
    CHECK_MESSAGE(!NetRate::parse(bad), bad);
  }
}

TEST_CASE_FIXTURE(LimitedWorld, "a guest sends no more than its rate, and all of it in the end") {
  for (int i = 0; i < 100; ++i) guest.put_frame(test_frame(test_mac(2), test_mac(1), 200));
  const std::uint64_t start = now;
  guest.ring_up();
  CHECK(sent.bytes.size() == 5);
  while (wait()) CHECK(sent.bytes.size() * 200 <= 1000 + (now - start) / (10 * kMs) * 1000 + 1000);
  CHECK(sent.bytes.size() == 100);
  CHECK(now - start >= 18 * 10 * kMs);
  CHECK(now - start <= 21 * 10 * kMs);
}

TEST_CASE_FIXTURE(LimitedWorld, "a packet larger than an interval's bytes is sent, and paid back before the next") {
  guest.put_frame(test_frame(test_mac(2), test_mac(1), 60'000));
  guest.put_frame(test_frame(test_mac(2), test_mac(1), 60), 0, 0, 20);
  const std::uint64_t start = now;
  guest.ring_up();
  CHECK(sent.bytes.size() == 1);
  while (wait()) {
  }
  CHECK(sent.bytes.size() == 2);
  CHECK(now - start >= 59 * 10 * kMs);
  CHECK(now - start <= 61 * 10 * kMs);
}

TEST_CASE_FIXTURE(LimitedWorld, "nothing is saved up beyond one interval, and a guest that leaves waits no more") {
  now += 1'000'000 * kMs;
  for (int i = 0; i < 20; ++i) guest.put_frame(test_frame(test_mac(2), test_mac(1), 200));
  guest.ring_up();
  CHECK(sent.bytes.size() == 5);
  CHECK(timers.next_deadline());
  guest.connection.reset();
  CHECK(!timers.next_deadline());
}

TEST_CASE("forwarded ports are written as in QEMU") {
  const auto forward = HostForward::parse("tcp::8080-:80");
  REQUIRE(forward);
  CHECK(forward->to_string() == "tcp:127.0.0.1:8080-10.0.2.15:80");
  CHECK(HostForward::parse("udp:0.0.0.0:53-10.0.2.20:5353")->to_string() == "udp:0.0.0.0:53-10.0.2.20:5353");
  for (const char* const bad : {"", "tcp", "tcp:8080-:80", "tcp::8080", "tcp::0-:80", "tcp::8080-:65536", "tcp::8080-:", "icmp::1-:1", "tcp:1.2.3:1-:1",
                                "tcp:1.2.3.256:1-:1", "tcp:1.2.3.4.5:1-:1", "tcp::1-:1x", "tcp::-1-:1", "tcp:localhost:1-:1", " tcp::1-:1"}) {
    CHECK_MESSAGE(!HostForward::parse(bad), bad);
  }
}

TEST_CASE("a capture is a pcap file with the frames and their times") {
  CaptureFile file;
  const std::string frame = test_frame(test_mac(2), test_mac(1), 61);
  {
    FrameCapture capture(file.path, file.world());
    capture.add({.bytes = std::as_bytes(std::span(frame))});
  }
  const std::string content = file.content();
  REQUIRE(content.size() == 24 + 16 + 61);
  CHECK(word_at(content, 0) == 0xa1b2'3c4d);
  CHECK(word_at(content, 4) == 0x0004'0002);
  CHECK(word_at(content, 20) == 1);
  CHECK(word_at(content, 24) == 5);
  CHECK(word_at(content, 28) == 7);
  CHECK(word_at(content, 32) == 61);
  CHECK(word_at(content, 36) == 61);
  CHECK(content.substr(40) == frame);
}

TEST_CASE("a capture ends at its largest size with one line, and at a file that takes nothing") {
  CaptureFile file;
  const std::string frame = test_frame(test_mac(2), test_mac(1), 60);
  FrameCapture capture(file.path, file.world(), 24 + 2 * 76);
  for (int i = 0; i < 5; ++i) {
    capture.add({.bytes = std::as_bytes(std::span(frame))});
    capture.flush();
  }
  CHECK(file.content().size() == 24 + 2 * 76);
  REQUIRE(file.log.size() == 1);
  CHECK(file.log[0] == "capture file " + file.path + ": it has reached its largest size; no more frames are captured");
  CHECK_THROWS_WITH_AS(FrameCapture("/dev/full", file.world()), "capture file /dev/full: is no regular file", HostError);
  CHECK_THROWS_WITH_AS(FrameCapture("/nonexistent/x", file.world()), "capture file /nonexistent/x: No such file or directory", HostError);
}

TEST_CASE_FIXTURE(LonelyWorld, "the guest's side of an interface is captured both ways, what is refused is not") {
  CaptureFile file;
  {
    NetTestGuest other{*room, test_mac(2), [this](NetSide&) { return std::make_unique<Link>(sent); }, {.scatter = true},
                       {std::nullopt, std::make_unique<FrameCapture>(file.path, file.world())}};
    other.post(1);
    other.ring_up();
    other.send(test_frame(test_mac(1), test_mac(2), 60));
    other.send(test_frame(test_mac(1), test_mac(2), 60), PV_NETTXF_CSUM_BLANK);
    const std::string frame = test_frame(test_mac(2), test_mac(1), 70);
    other.interface.receive({.bytes = std::as_bytes(std::span(frame))});
    other.interface.flush();
    CHECK(file.content().size() == 24 + 16 + 60 + 16 + 70);  // already there, for who looks while it runs
  }
}
