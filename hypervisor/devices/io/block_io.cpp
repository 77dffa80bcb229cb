// SPDX-License-Identifier: MIT
#include "devices/io/block_io.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "base/host_error.hpp"
#include "devices/io/io_threads.hpp"
#include "devices/io/io_uring.hpp"

namespace pvisor {
namespace {

/// Answers in a row that say "not now" after which the host is taken at its word.
constexpr std::uint32_t kMaxRetries = 1000;

/// ECANCELED, though nobody cancelled: Linux gives up starting a worker thread of io_uring when signals, such as the tick that
/// preempts guests, interrupt that three times, and then cancels what waits for it.
bool means_not_now(std::int64_t answer) { return answer == -EINTR || answer == -EAGAIN || answer == -ECANCELED; }

/// Moves what it can in one call. Bytes, or -errno.
std::int64_t ask_host(const IoRequest& request) {
  const auto offset = static_cast<off_t>(IoProgress::offset(request));
  const auto count = static_cast<int>(IoProgress::vector_count(request));
  std::int64_t answer = 0;
  switch (request.kind) {
    case IoKind::Read: answer = ::preadv(request.fd, IoProgress::vectors(request), count, offset); break;
    case IoKind::Write: answer = ::pwritev(request.fd, IoProgress::vectors(request), count, offset); break;
    case IoKind::Flush: answer = ::fdatasync(request.fd); break;
    case IoKind::Discard: answer = ::fallocate(request.fd, kDiscardMode, offset, static_cast<off_t>(request.discard_length)); break;
  }
  return answer < 0 ? -errno : answer;
}

}  // namespace

void IoProgress::start(IoRequest& request) {
  request.vectors_.clear();
  request.next_vector_ = 0;
  request.moved_ = 0;
  request.retries_ = 0;
  for (const IoSpan& span : request.spans) {
    const auto bytes = IoSpanRaw::bytes(span);
    if (bytes.empty()) continue;
    if (!request.vectors_.empty()) {
      iovec& last = request.vectors_.back();
      if (static_cast<std::byte*>(last.iov_base) + last.iov_len == bytes.data()) {
        last.iov_len += bytes.size();
        continue;
      }
    }
    request.vectors_.push_back({bytes.data(), bytes.size()});
  }
}

IoProgress::Next IoProgress::advance(IoRequest& request, std::int64_t answer, std::int64_t& result) {
  if (means_not_now(answer)) {
    if (++request.retries_ <= kMaxRetries) return Next::Again;
    result = answer;
    return Next::Done;
  }
  request.retries_ = 0;
  if (answer < 0) {
    result = answer;
    return Next::Done;
  }
  skip(request, static_cast<std::uint64_t>(answer));
  result = static_cast<std::int64_t>(request.moved_);
  const bool end_of_file = answer == 0;
  return end_of_file || vector_count(request) == 0 ? Next::Done : Next::Again;
}

std::int64_t IoProgress::execute(IoRequest& request) {
  std::int64_t result = 0;
  while (advance(request, ask_host(request), result) == Next::Again) {
  }
  return result;
}

void IoProgress::skip(IoRequest& request, std::uint64_t bytes) {
  request.moved_ += bytes;
  while (bytes > 0 && vector_count(request) > 0) {
    iovec& vector = request.vectors_[request.next_vector_];
    if (bytes < vector.iov_len) {
      vector.iov_base = static_cast<std::byte*>(vector.iov_base) + bytes;
      vector.iov_len -= bytes;
      return;
    }
    bytes -= vector.iov_len;
    ++request.next_vector_;
  }
}

std::unique_ptr<BlockIo> make_block_io(Reactor& reactor) {
  const char* const wanted = std::getenv("PVISOR_IO");
  if (wanted != nullptr && std::string_view(wanted) == "threads") return std::make_unique<IoThreads>(reactor);
  if (auto ring = IoUring::create(reactor)) return ring;
  return std::make_unique<IoThreads>(reactor);
}

}  // namespace pvisor
