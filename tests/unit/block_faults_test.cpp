// SPDX-License-Identifier: MIT
// A host that fails: each answer of it in turn is an error, an interruption or a part of what was asked for. Exactly the request
// that was hit fails, and only if it cannot be done after all.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devices/block/block_connection.hpp"
#include "support/block_test_world.hpp"

using namespace pvisor;

namespace {

/// What the host answers to its call number `call`: an error, or at most so many bytes; from then on always, if `forever`.
struct Fault {
  std::size_t call = ~std::size_t{0};
  std::int64_t answer = 0;
  bool forever = false;
};

/// Does requests for real, but for the fault.
class FaultyIo final : public BlockIo {
 public:
  explicit FaultyIo(Fault fault) : fault_(fault) {}
  void submit(std::unique_ptr<IoRequest> request) override { waiting_.push_back(std::move(request)); }
  [[nodiscard]] std::string_view name() const override { return "faulty"; }
  [[nodiscard]] std::size_t in_flight() const override { return waiting_.size(); }

  void finish_all() {
    while (!waiting_.empty()) {
      auto request = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      IoProgress::start(*request);
      std::int64_t result = 0;
      while (IoProgress::advance(*request, answer(*request), result) == IoProgress::Next::Again) {
      }
      IoRequest* const raw = request.get();
      raw->complete(std::move(request), result);
    }
  }

 private:
  std::int64_t answer(const IoRequest& request) {
    const std::size_t call = calls_++;
    const bool hit = call == fault_.call || (fault_.forever && call > fault_.call);
    if (hit && fault_.answer < 0) return fault_.answer;
    const bool has_data = request.kind == IoKind::Read || request.kind == IoKind::Write;
    return ask_host(request, hit && has_data ? static_cast<std::size_t>(fault_.answer) : ~std::size_t{0});
  }
  static std::int64_t ask_host(const IoRequest& request, std::size_t most) {
    const auto offset = static_cast<off_t>(IoProgress::offset(request));
    if (request.kind == IoKind::Flush) return ::fdatasync(request.fd) == 0 ? 0 : -errno;
    if (request.kind == IoKind::Discard) {
      return ::fallocate(request.fd, kDiscardMode, offset, static_cast<off_t>(request.discard_length)) == 0 ? 0 : -errno;
    }
    std::vector<iovec> vectors(IoProgress::vectors(request), IoProgress::vectors(request) + IoProgress::vector_count(request));
    for (iovec& vector : vectors) {
      vector.iov_len = std::min(vector.iov_len, most);
      most -= vector.iov_len;
    }
    const auto count = static_cast<int>(vectors.size());
    const ssize_t got = request.kind == IoKind::Read ? ::preadv(request.fd, vectors.data(), count, offset)
                                                     : ::pwritev(request.fd, vectors.data(), count, offset);
    return got < 0 ? -errno : got;
  }

  Fault fault_;
  std::size_t calls_ = 0;
  std::vector<std::unique_ptr<IoRequest>> waiting_;
};

constexpr std::size_t kSteps = 6;
constexpr std::size_t kFlushStep = 4;

/// Reads, writes, a flush and a discard, whose disk and memory do not overlap; without a fault the host is called once for each.
struct Workload {
  explicit Workload(Fault fault) : io(fault) {
    connection = BlockConnection::open({DomainId(7), guest.grants, guest.events, guest.work, io, ring_pages, image, [](const char*) {}},
                                       GrantRef(TestGuest::kRingGrant), guest.port, error);
    REQUIRE(connection != nullptr);
    for (std::uint32_t i = 0; i < 16; ++i) std::memset(guest.page(TestGuest::kDataFrame + i), 'A' + static_cast<int>(i), 4096);
  }
  std::vector<int> run() {
    const pv_blkif_request steps[kSteps] = {
        test_request(PV_BLKIF_OP_WRITE, 0, 0, {test_segment(0), test_segment(2), test_segment(4, 3, 3)}),
        test_request(PV_BLKIF_OP_READ, 1, 32, {test_segment(8), test_segment(10), test_segment(12, 0, 1)}),
        test_request(PV_BLKIF_OP_WRITE, 2, 64, {test_segment(5, 7, 7)}),
        test_request(PV_BLKIF_OP_READ, 3, 72, {test_segment(13, 0, 0), test_segment(13, 2, 2)}),
        test_request(PV_BLKIF_OP_FLUSH_DISKCACHE, kFlushStep, 0, {}),
        test_discard(5, 96, 8),
    };
    for (const auto& step : steps) guest.put(step);
    guest.push();
    guest.run();
    io.finish_all();
    guest.run();
    std::vector<int> statuses(kSteps, 1);
    for (const auto& response : guest.responses()) statuses.at(response.id) = response.status;
    return statuses;
  }
  /// Whether step `id` has done what it is for.
  [[nodiscard]] bool is_done(std::size_t id) const {
    const auto letter = [](char c, std::size_t count) { return std::string(count, c); };
    switch (id) {
      case 0: return disk.read(0, 8704) == letter('A', 4096) + letter('C', 4096) + letter('E', 512);
      case 1: return guest.data(8, 0, 4096) + guest.data(10, 0, 4096) + guest.data(12, 0, 1024) == disk.read(32, 9216);
      case 2: return disk.read(64) == letter('F', 512);
      case 3: return guest.data(13) + guest.data(13, 1024) == disk.read(72, 1024);
      case 5: return disk.read(96, 4096) == letter('\0', 4096);
      default: return true;
    }
  }
  /// What no step is about.
  [[nodiscard]] bool are_neighbours_whole() const {
    for (const std::size_t sector : {17U, 31U, 63U, 65U, 95U, 104U, 127U}) {
      if (disk.read(sector) != std::string(512, static_cast<char>(sector + 1))) return false;
    }
    return guest.data(12, 1024) == std::string(512, 'M') && guest.data(13, 512) == std::string(512, 'N');
  }

  TestDisk disk{128};
  FaultyIo io;
  RingPages ring_pages;
  TestGuest guest;
  std::shared_ptr<DiskImage> image = DiskImage::open(disk.path(), DiskAccess::ReadWrite);
  std::string error;
  std::unique_ptr<BlockConnection> connection;
};

void check_all_done(Workload& workload) {
  CHECK(workload.run() == std::vector<int>(kSteps, PV_BLKIF_RSP_OKAY));
  for (std::size_t id = 0; id < kSteps; ++id) CHECK(workload.is_done(id));
  CHECK(workload.are_neighbours_whole());
  CHECK(workload.guest.grants.uses() == 1);
}

}  // namespace

TEST_CASE("without a fault the workload is done") {
  Workload workload({});
  check_all_done(workload);
}

TEST_CASE("an interruption of any call of the host's is tried again, and nobody notices") {
  for (std::size_t call = 0; call < kSteps; ++call) {
    for (const int error : {EINTR, EAGAIN, ECANCELED}) {
      CAPTURE(call);
      Workload workload({call, -error});
      check_all_done(workload);
    }
  }
}

TEST_CASE("a part of any transfer is completed exactly, wherever it ends") {
  for (std::size_t call = 0; call < kFlushStep; ++call) {
    for (const std::int64_t bytes : {1, 511, 512, 513, 1023, 4095, 4096, 4097, 8191, 8192, 8193}) {
      for (const bool forever : {false, true}) {
        if (forever && bytes < 511) continue;  // byte by byte is the test's time only
        CAPTURE(call);
        CAPTURE(bytes);
        Workload workload({call, bytes, forever});
        check_all_done(workload);
      }
    }
  }
}

TEST_CASE("an error of the host's in any place fails exactly the request that it hit") {
  for (std::size_t call = 0; call < kSteps; ++call) {
    for (const int error : {EIO, ENOSPC, EDQUOT, EBADF}) {
      CAPTURE(call);
      Workload workload({call, -error});
      std::vector<int> expected(kSteps, PV_BLKIF_RSP_OKAY);
      expected[call] = PV_BLKIF_RSP_ERROR;
      CHECK(workload.run() == expected);
      for (std::size_t id = 0; id < kSteps; ++id) {
        if (id != call) CHECK(workload.is_done(id));
      }
      CHECK(workload.are_neighbours_whole());
      CHECK(workload.guest.grants.uses() == 1);
      CHECK(workload.image->statistics().failed == 1);
      CHECK(workload.image->flush_failed() == (call == kFlushStep));
    }
  }
}

TEST_CASE("a host without room fails what it hits, and what is written once there is room again is there") {
  for (const std::size_t call : {0U, 2U}) {
    CAPTURE(call);
    Workload workload({call, -ENOSPC});
    CHECK(workload.run().at(call) == PV_BLKIF_RSP_ERROR);
    check_all_done(workload);
  }
}

TEST_CASE("a file that is renamed, removed, replaced or made unwritable is served on") {
  using Change = std::function<void(const std::string& path)>;
  const Change changes[] = {
      [](const std::string& path) { REQUIRE(::rename(path.c_str(), (path + ".away").c_str()) == 0); },
      [](const std::string& path) { REQUIRE(::unlink(path.c_str()) == 0); },
      [](const std::string& path) {
        REQUIRE(::unlink(path.c_str()) == 0);
        const UniqueFd other(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
        REQUIRE(other.is_open());
      },
      [](const std::string& path) { REQUIRE(::chmod(path.c_str(), 0) == 0); },
  };
  for (const Change& change : changes) {
    Workload workload({});
    change(workload.disk.path());
    check_all_done(workload);
    ::unlink((workload.disk.path() + ".away").c_str());
  }
}

TEST_CASE("a host that is interrupted for ever, or moves nothing, is an error and not a hang") {
  for (std::size_t call = 0; call < kSteps; ++call) {
    for (const std::int64_t answer : {-EINTR, -EAGAIN, 0}) {
      CAPTURE(call);
      CAPTURE(answer);
      Workload workload({call, answer, true});
      const auto statuses = workload.run();
      for (std::size_t id = 0; id < kSteps; ++id) {
        const bool fails = id >= call && (answer != 0 || id < kFlushStep);
        CHECK(statuses[id] == (fails ? PV_BLKIF_RSP_ERROR : PV_BLKIF_RSP_OKAY));
      }
      CHECK(workload.are_neighbours_whole());
    }
  }
}
