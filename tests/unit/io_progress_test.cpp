// SPDX-License-Identifier: MIT
// What the host's answers mean for a request: short ones go on, interruptions are tried again, errors and the end of the
// file end it.
#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "core/guest_memory.hpp"
#include "devices/io/block_io.hpp"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

class Plain final : public IoRequest {
 public:
  void complete(std::unique_ptr<IoRequest>, std::int64_t) override {}
};

struct Fixture {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(8);
  GuestMemory memory{ram, GuestVirt(0), 8};
  Plain request;
  std::int64_t result = 0;

  void span(std::uint64_t frame, std::uint32_t offset = 0, std::uint32_t length = 4096) {
    request.spans.push_back(*memory.pin(GuestFrame(frame), offset, length));
  }
  [[nodiscard]] IoProgress::Next answer(std::int64_t bytes) { return IoProgress::advance(request, bytes, result); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "pages that touch become one vector, others do not") {
  span(1);
  span(2, 0, 512);
  span(4);
  span(3);
  IoProgress::start(request);
  REQUIRE(IoProgress::vector_count(request) == 3);
  CHECK(IoProgress::vectors(request)[0].iov_base == ram->page(1).data());
  CHECK(IoProgress::vectors(request)[0].iov_len == 4608);
  CHECK(IoProgress::vectors(request)[1].iov_base == ram->page(4).data());
  CHECK(IoProgress::vectors(request)[2].iov_base == ram->page(3).data());
}

TEST_CASE_FIXTURE(Fixture, "a short answer at every byte goes on exactly where it stopped") {
  span(1, 0, 512);
  span(3, 512, 512);
  span(5, 0, 512);
  request.offset = 7000;
  for (std::int64_t first = 1; first < 1536; ++first) {
    IoProgress::start(request);
    REQUIRE(answer(first) == IoProgress::Next::Again);
    CHECK(IoProgress::offset(request) == 7000 + static_cast<std::uint64_t>(first));
    std::int64_t left = 0;
    for (unsigned i = 0; i < IoProgress::vector_count(request); ++i) left += static_cast<std::int64_t>(IoProgress::vectors(request)[i].iov_len);
    CHECK(left == 1536 - first);
    const std::size_t page = first < 512 ? 1 : first < 1024 ? 3 : 5;
    const auto start = static_cast<std::size_t>(first % 512) + (page == 3 ? 512U : 0U);
    CHECK(IoProgress::vectors(request)[0].iov_base == ram->page(page).data() + start);
    CHECK(answer(left) == IoProgress::Next::Done);
    CHECK(result == 1536);
  }
}

TEST_CASE_FIXTURE(Fixture, "interruptions are tried again, but not for ever") {
  span(1);
  for (const int error : {EINTR, EAGAIN, ECANCELED}) {
    IoProgress::start(request);
    int tries = 0;
    while (answer(-error) == IoProgress::Next::Again) ++tries;
    CHECK(tries == 1000);
    CHECK(result == -error);
  }
  IoProgress::start(request);
  CHECK(answer(-EINTR) == IoProgress::Next::Again);
  CHECK(answer(4096) == IoProgress::Next::Done);
  CHECK(result == 4096);
}

TEST_CASE_FIXTURE(Fixture, "an error after a part is an error") {
  span(1);
  IoProgress::start(request);
  CHECK(answer(512) == IoProgress::Next::Again);
  CHECK(answer(-EIO) == IoProgress::Next::Done);
  CHECK(result == -EIO);
}

TEST_CASE_FIXTURE(Fixture, "the end of the file ends a request with what there was") {
  span(1);
  IoProgress::start(request);
  CHECK(answer(1024) == IoProgress::Next::Again);
  CHECK(answer(0) == IoProgress::Next::Done);
  CHECK(result == 1024);
}
