// SPDX-License-Identifier: MIT
// BlockIo: reads, writes, flushes and discards of files, straight between the file and guest pages, without waiting for any
// of them.
// Two implementations behind this seam: IoUring, and IoThreads where the host denies io_uring.
//
//   auto request = std::make_unique<MyRequest>(...);    // derived from IoRequest; fill in kind, fd, offset, spans
//   io.submit(std::move(request));                      // starts at the latest when the reactor waits next
//   // later, on the reactor's thread: MyRequest::complete(self, result)
//
// A request belongs to the BlockIo while it is under way. Whoever wanted it may be gone by then: the request itself holds
// what it needs (the spans hold the guest's memory, a derived class holds the file) and finds out in complete().
#pragma once

#include <linux/falloc.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/reactor.hpp"
#include "core/io_span.hpp"

namespace pvisor {

enum class IoKind : std::uint8_t { Read, Write, Flush, Discard };

/// How fallocate() discards. On block devices, too: unlike their own discard it leaves zeros and nothing else.
inline constexpr int kDiscardMode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

class IoRequest {
 public:
  virtual ~IoRequest() = default;
  /// Ended. `result`: bytes moved (fewer than asked for only at the end of the file; 0 for
  /// Flush and Discard), or -errno of the host.
  /// `self` is this request, to keep and use again or to let go. Reactor's thread; may submit more.
  virtual void complete(std::unique_ptr<IoRequest> self, std::int64_t result) = 0;

  IoKind kind = IoKind::Read;
  int fd = -1;               ///< stays open until complete()
  std::uint64_t offset = 0;
  std::vector<IoSpan> spans;         ///< of Read and Write
  std::uint64_t discard_length = 0;  ///< of Discard: bytes that will read as zeros, and whose place on the host is given back

 private:
  friend class IoProgress;
  std::vector<iovec> vectors_;
  std::size_t next_vector_ = 0;
  std::uint64_t moved_ = 0;
  std::uint32_t retries_ = 0;
};

class BlockIo {
 public:
  virtual ~BlockIo() = default;  ///< requests under way end without complete(), at once or when the host lets go of them
  virtual void submit(std::unique_ptr<IoRequest> request) = 0;
  /// "io_uring" or "threads".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Requests submitted and not completed.
  [[nodiscard]] virtual std::size_t in_flight() const = 0;
};

/// How far a request has come: what is left to ask the host for, and what the host's answer means.
class IoProgress {
 public:
  enum class Next : std::uint8_t { Again, Done };

  /// Turns the spans into vectors, merging those that touch.
  static void start(IoRequest& request);
  /// What is still to be moved.
  [[nodiscard]] static const iovec* vectors(const IoRequest& request) { return request.vectors_.data() + request.next_vector_; }
  [[nodiscard]] static unsigned vector_count(const IoRequest& request) {
    return static_cast<unsigned>(request.vectors_.size() - request.next_vector_);
  }
  [[nodiscard]] static std::uint64_t offset(const IoRequest& request) { return request.offset + request.moved_; }
  /// Takes the host's answer (bytes or -errno). Again: ask for the rest; Done: `result` is for complete().
  [[nodiscard]] static Next advance(IoRequest& request, std::int64_t answer, std::int64_t& result);
  /// Asks the host until it is done, waiting as long as it takes; answers the result.
  [[nodiscard]] static std::int64_t execute(IoRequest& request);

 private:
  static void skip(IoRequest& request, std::uint64_t bytes);
};

/// io_uring if the host allows it, else threads. The environment variable PVISOR_IO=threads forces threads.
[[nodiscard]] std::unique_ptr<BlockIo> make_block_io(Reactor& reactor);

}  // namespace pvisor
