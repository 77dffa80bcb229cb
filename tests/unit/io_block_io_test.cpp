// SPDX-License-Identifier: MIT
// Both implementations of BlockIo on a real file, by the same tests.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/block_test_world.hpp"
#include "devices/io/io_threads.hpp"
#include "devices/io/io_uring.hpp"

using namespace pvisor;

namespace {

struct Results {
  std::vector<std::int64_t> values;
  std::function<void()> on_complete;
};

class TestRequest final : public IoRequest {
 public:
  explicit TestRequest(std::shared_ptr<Results> results) : results_(std::move(results)) {}
  void complete(std::unique_ptr<IoRequest>, std::int64_t result) override {
    const auto results = results_;  // `self` goes at the end of this call
    results->values.push_back(result);
    if (results->on_complete) results->on_complete();
  }

 private:
  std::shared_ptr<Results> results_;
};

/// A reactor with one implementation, and guest pages to read into.
struct Bench {
  explicit Bench(bool threads) {
    if (threads) {
      io = std::make_unique<IoThreads>(reactor);
    } else {
      io = IoUring::create(reactor);
    }
  }
  std::unique_ptr<TestRequest> request(IoKind kind, int fd, std::uint64_t offset, std::initializer_list<std::uint64_t> frames) {
    auto out = std::make_unique<TestRequest>(results);
    out->kind = kind;
    out->fd = fd;
    out->offset = offset;
    for (const std::uint64_t frame : frames) out->spans.push_back(*memory.pin(GuestFrame(frame), 0, 4096));
    return out;
  }
  void wait_for(std::size_t count) {
    while (results->values.size() < count) reactor.wait(std::nullopt);
  }

  static constexpr std::uint64_t kPages = 1536;  ///< one for each request: no two threads fill the same page
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(kPages);
  GuestMemory memory{ram, GuestVirt(0), kPages};
  std::shared_ptr<Results> results = std::make_shared<Results>();
  Reactor reactor;
  std::unique_ptr<BlockIo> io;
};

/// Runs `test` with each implementation that this host allows.
void with_each(const std::function<void(Bench&)>& test) {
  for (const bool threads : {false, true}) {
    Bench bench(threads);
    if (bench.io == nullptr) {
      MESSAGE("this host denies io_uring: only threads were tested");
      continue;
    }
    CAPTURE(bench.io->name());
    test(bench);
  }
}

}  // namespace

TEST_CASE("reads bring the file's bytes into guest pages") {
  const TestDisk disk(64);
  with_each([&](Bench& bench) {
    bench.io->submit(bench.request(IoKind::Read, disk.fd(), 4096, {3, 9, 4}));
    CHECK(bench.io->in_flight() == 1);
    bench.wait_for(1);
    CHECK(bench.io->in_flight() == 0);
    CHECK(bench.results->values.front() == 3 * 4096);
    CHECK(std::memcmp(bench.ram->page(3).data(), disk.read(8, 4096).data(), 4096) == 0);
    CHECK(std::memcmp(bench.ram->page(9).data(), disk.read(16, 4096).data(), 4096) == 0);
    CHECK(std::memcmp(bench.ram->page(4).data(), disk.read(24, 4096).data(), 4096) == 0);
  });
}

TEST_CASE("writes bring guest pages into the file, and a flush succeeds") {
  with_each([](Bench& bench) {
    const TestDisk disk(64);
    std::memset(bench.ram->page(1).data(), 0xaa, 4096);
    std::memset(bench.ram->page(5).data(), 0xbb, 4096);
    bench.io->submit(bench.request(IoKind::Write, disk.fd(), 8192, {1, 5}));
    bench.wait_for(1);
    bench.io->submit(bench.request(IoKind::Flush, disk.fd(), 0, {}));
    bench.wait_for(2);
    CHECK(bench.results->values == std::vector<std::int64_t>{8192, 0});
    CHECK(disk.read(16, 8192) == std::string(4096, '\xaa') + std::string(4096, '\xbb'));
    CHECK(disk.read(15)[511] == 16);
    CHECK(disk.read(32)[0] == 33);
  });
}

TEST_CASE("a read across the end of the file tells how much there was") {
  const TestDisk disk(12);
  with_each([&](Bench& bench) {
    bench.io->submit(bench.request(IoKind::Read, disk.fd(), 4096, {1}));
    bench.io->submit(bench.request(IoKind::Read, disk.fd(), 1 << 20, {2}));
    bench.wait_for(2);
    std::sort(bench.results->values.begin(), bench.results->values.end());
    CHECK(bench.results->values == std::vector<std::int64_t>{0, 2048});
  });
}

TEST_CASE("the host's errors come back as such") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const UniqueFd read_end(pipe[0]);
  const UniqueFd write_end(pipe[1]);
  constexpr int kNoDescriptor = 1 << 30;
  with_each([&](Bench& bench) {
    bench.io->submit(bench.request(IoKind::Read, kNoDescriptor, 0, {1}));
    bench.wait_for(1);
    CHECK(bench.results->values[0] == -EBADF);
    bench.io->submit(bench.request(IoKind::Flush, read_end.get(), 0, {}));
    bench.wait_for(2);
    CHECK(bench.results->values[1] == -EINVAL);
  });
}

TEST_CASE("a discard leaves zeros in its range and nowhere else, and an error where the file cannot") {
  with_each([](Bench& bench) {
    const TestDisk disk(64);
    const auto discard = [&](int fd, std::uint64_t offset, std::uint64_t length) {
      auto request = bench.request(IoKind::Discard, fd, offset, {});
      request->discard_length = length;
      bench.io->submit(std::move(request));
    };
    discard(disk.fd(), 1024, 10240);
    bench.wait_for(1);
    CHECK(bench.results->values[0] == 0);
    CHECK(disk.read(1) == std::string(512, 2));
    CHECK(disk.read(2, 10240) == std::string(10240, '\0'));
    CHECK(disk.read(22) == std::string(512, 23));
    const UniqueFd reader(::open(disk.path().c_str(), O_RDONLY | O_CLOEXEC));
    discard(reader.get(), 0, 4096);
    bench.wait_for(2);
    CHECK(bench.results->values[1] == -EBADF);
  });
}

TEST_CASE("an error of one request among many is that one's alone") {
  const TestDisk disk(64);
  const UniqueFd sealed(::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(sealed.get(), 65536) == 0);
  REQUIRE(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0);
  with_each([&](Bench& bench) {
    for (std::uint64_t i = 0; i < 64; ++i) {
      bench.io->submit(bench.request(IoKind::Write, i % 8 == 3 ? sealed.get() : disk.fd(), (i % 8) * 4096, {i}));
    }
    bench.wait_for(64);
    CHECK(std::count(bench.results->values.begin(), bench.results->values.end(), -EPERM) == 8);
    CHECK(std::count(bench.results->values.begin(), bench.results->values.end(), 4096) == 56);
  });
}

TEST_CASE("many more requests than the submission queue holds all end") {
  const TestDisk disk(64);
  constexpr std::size_t kRequests = 1500;
  with_each([&](Bench& bench) {
    for (std::size_t i = 0; i < kRequests; ++i) {
      bench.io->submit(bench.request(IoKind::Read, disk.fd(), (i % 8) * 4096, {i % Bench::kPages}));
    }
    CHECK(bench.io->in_flight() == kRequests);
    bench.wait_for(kRequests);
    CHECK(std::count(bench.results->values.begin(), bench.results->values.end(), 4096) == kRequests);
    CHECK(!bench.memory.is_pinned(GuestFrame(0)));
  });
}

TEST_CASE("a completion may submit the next request") {
  const TestDisk disk(64);
  with_each([&](Bench& bench) {
    bench.results->on_complete = [&] {
      if (bench.results->values.size() < 100) bench.io->submit(bench.request(IoKind::Read, disk.fd(), 0, {1}));
    };
    bench.io->submit(bench.request(IoKind::Read, disk.fd(), 0, {1}));
    bench.wait_for(100);
    bench.results->on_complete = nullptr;
    CHECK(bench.io->in_flight() == 0);
  });
}

TEST_CASE("a BlockIo that goes away takes its requests along without completing them, and unpins their pages") {
  const TestDisk disk(64);
  with_each([&](Bench& bench) {
    for (std::uint64_t i = 0; i < 400; ++i) bench.io->submit(bench.request(IoKind::Read, disk.fd(), 0, {i % Bench::kPages}));
    bench.reactor.wait(0);
    const std::size_t completed = bench.results->values.size();
    bench.io.reset();
    CHECK(bench.results->values.size() == completed);
    for (std::uint64_t i = 0; i < Bench::kPages; ++i) CHECK(!bench.memory.is_pinned(GuestFrame(i)));
    bench.reactor.wait(0);
  });
}

TEST_CASE("a host that hangs on one file leaves the others' requests alone, and is not waited for in the end") {
  const TestDisk disk(64);
  const TestDisk hung_disk(64);
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_open = false;
  };
  const auto gate = std::make_shared<Gate>();
  Bench bench(true);
  bench.io = std::make_unique<IoThreads>(bench.reactor, [gate, hung = hung_disk.fd()](IoRequest& request) {
    if (request.fd != hung) return IoProgress::execute(request);
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->is_open; });
    return std::int64_t{-EIO};
  });
  for (std::uint64_t i = 0; i < 64; ++i) bench.io->submit(bench.request(IoKind::Write, hung_disk.fd(), 0, {i}));
  for (std::uint64_t i = 64; i < 128; ++i) bench.io->submit(bench.request(IoKind::Read, disk.fd(), 0, {i}));
  bench.wait_for(64);
  CHECK(std::count(bench.results->values.begin(), bench.results->values.end(), 4096) == 64);
  CHECK(bench.io->in_flight() == 64);

  SUBCASE("it lets go after all") {
    {
      const std::lock_guard lock(gate->mutex);
      gate->is_open = true;
    }
    gate->changed.notify_all();
    bench.wait_for(128);
    CHECK(std::count(bench.results->values.begin(), bench.results->values.end(), -EIO) == 64);
  }
  SUBCASE("it never does") {
    bench.io.reset();
    CHECK(bench.results->values.size() == 64);
  }
}

TEST_CASE("memory lives as long as a request that uses it") {
  const TestDisk disk(64);
  with_each([&](Bench& bench) {
    auto ram = std::make_shared<FakeRam>(1);
    auto request = bench.request(IoKind::Read, disk.fd(), 0, {});
    {
      const GuestMemory memory(ram, GuestVirt(0), 1);
      request->spans.push_back(*memory.pin(GuestFrame(0), 0, 4096));
    }
    const std::weak_ptr<FakeRam> watch = ram;
    ram.reset();
    bench.io->submit(std::move(request));
    CHECK(!watch.expired());
    bench.wait_for(1);
    CHECK(bench.results->values.front() == 4096);
    CHECK(watch.expired());
  });
}

TEST_CASE("PVISOR_IO=threads forces threads") {
  Reactor reactor;
  ::setenv("PVISOR_IO", "threads", 1);
  CHECK(make_block_io(reactor)->name() == "threads");
  ::unsetenv("PVISOR_IO");
  CHECK(!make_block_io(reactor)->name().empty());
}
