// SPDX-License-Identifier: MIT
#include "devices/io/io_uring.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.hpp"

namespace pvisor {
namespace {

constexpr unsigned kSubmissionEntries = 256;
constexpr unsigned kCompletionEntries = 1024;
/// Completions served in one look, so that a fast disk does not keep the guests from running.
constexpr unsigned kReapBatch = 64;
/// How long the destructor waits for requests that the host still holds.
constexpr long kCloseSeconds = 2;

bool has_operations(io_uring& ring) {
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  bool all = true;
  for (const int operation : {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
                              IORING_OP_FALLOCATE}) {
    all = all && io_uring_opcode_supported(probe, operation) != 0;
  }
  io_uring_free_probe(probe);
  return all;
}

/// Some sandboxes let a ring be made but not be used.
bool can_submit(io_uring& ring) {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring);
  if (entry == nullptr) return false;
  io_uring_prep_nop(entry);
  io_uring_cqe* completion = nullptr;
  if (io_uring_submit_and_wait(&ring, 1) != 1 || io_uring_peek_cqe(&ring, &completion) != 0) return false;
  io_uring_cqe_seen(&ring, completion);
  return true;
}

void prepare(io_uring_sqe* entry, const IoRequest& request) {
  const iovec* const vectors = IoProgress::vectors(request);
  const unsigned count = IoProgress::vector_count(request);
  const std::uint64_t offset = IoProgress::offset(request);
  const bool single = count == 1;
  switch (request.kind) {
    case IoKind::Read:
      if (single) return io_uring_prep_read(entry, request.fd, vectors->iov_base, static_cast<unsigned>(vectors->iov_len), offset);
      return io_uring_prep_readv(entry, request.fd, vectors, count, offset);
    case IoKind::Write:
      if (single) return io_uring_prep_write(entry, request.fd, vectors->iov_base, static_cast<unsigned>(vectors->iov_len), offset);
      return io_uring_prep_writev(entry, request.fd, vectors, count, offset);
    case IoKind::Flush:
      return io_uring_prep_fsync(entry, request.fd, IORING_FSYNC_DATASYNC);
    case IoKind::Discard:
      return io_uring_prep_fallocate(entry, request.fd, kDiscardMode, static_cast<off_t>(offset), static_cast<off_t>(request.discard_length));
  }
}

}  // namespace

IoUring::Ring::~Ring() {
  if (is_open) io_uring_queue_exit(&uring);
}

bool IoUring::Ring::open() {
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = kCompletionEntries;
  if (const int error = io_uring_queue_init_params(kSubmissionEntries, &uring, &params); error != 0) {
    errno = -error;
    return false;
  }
  is_open = true;
  errno = ENOSYS;  // what it lacks, if it does
  // Without NODROP a completion could be lost, and with it a guest page pinned for ever; EXT_ARG gives waits with a limit.
  constexpr unsigned kNeeded = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  return (params.features & kNeeded) == kNeeded && has_operations(uring) && can_submit(uring);
}

std::unique_ptr<IoUring> IoUring::create(Reactor& reactor) {
  auto ring = std::make_unique<Ring>();
  if (!ring->open()) return nullptr;
  return std::unique_ptr<IoUring>(new IoUring(reactor, std::move(ring)));
}

IoUring::IoUring(Reactor& reactor, std::unique_ptr<Ring> ring)
    : ring_(std::move(ring)),
      watch_(reactor.watch(ring_->uring.ring_fd, EPOLLIN, [this](std::uint32_t) { reap(); })),
      source_(reactor.add_poll_source([this] { return poll(); })) {}

void IoUring::submit(std::unique_ptr<IoRequest> request) {
  IoProgress::start(*request);
  ++in_flight_;
  queue(request.release());
}

void IoUring::queue(IoRequest* request) {
  io_uring_sqe* const entry = waiting_.empty() ? io_uring_get_sqe(&ring_->uring) : nullptr;
  if (entry == nullptr) return waiting_.push_back(request);
  prepare(entry, *request);
  io_uring_sqe_set_data(entry, request);
}

void IoUring::submit_queued() {
  if (io_uring_sq_ready(&ring_->uring) == 0 && waiting_.empty()) return;
  const int submitted = io_uring_submit(&ring_->uring);
  // EAGAIN, EBUSY, EINTR: the host is short of something for now; what was not taken stays queued for the next look.
  PV_CHECK(submitted >= 0 || submitted == -EAGAIN || submitted == -EBUSY || submitted == -EINTR || submitted == -ENOMEM);
  std::size_t moved = 0;
  while (moved < waiting_.size()) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_->uring);
    if (entry == nullptr) break;
    prepare(entry, *waiting_[moved]);
    io_uring_sqe_set_data(entry, waiting_[moved++]);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(moved));
}

bool IoUring::poll() {
  if (in_flight_ == 0) return false;
  submit_queued();
  // What completed during the call, as reads from the page cache do, is found right after it.
  const bool found = reap();
  const bool left = io_uring_sq_ready(&ring_->uring) > 0 || !waiting_.empty();
  return found || left;
}

bool IoUring::reap() {
  if (io_uring_cq_has_overflow(&ring_->uring)) io_uring_get_events(&ring_->uring);
  std::array<io_uring_cqe*, kReapBatch> completions{};
  const unsigned count = io_uring_peek_batch_cqe(&ring_->uring, completions.data(), kReapBatch);
  std::array<std::pair<IoRequest*, std::int64_t>, kReapBatch> answers;
  for (unsigned i = 0; i < count; ++i) {
    answers[i] = {static_cast<IoRequest*>(io_uring_cqe_get_data(completions[i])), completions[i]->res};
  }
  io_uring_cq_advance(&ring_->uring, count);
  for (unsigned i = 0; i < count; ++i) {
    if (answers[i].first != nullptr) ended(answers[i].first, answers[i].second);
  }
  return count > 0;
}

void IoUring::ended(IoRequest* request, std::int64_t answer) {
  std::int64_t result = 0;
  if (!closing_ && IoProgress::advance(*request, answer, result) == IoProgress::Next::Again) return queue(request);
  --in_flight_;
  std::unique_ptr<IoRequest> owned(request);
  if (!closing_) request->complete(std::move(owned), result);
}

IoUring::~IoUring() {
  closing_ = true;
  for (IoRequest* request : waiting_) {
    delete request;
    --in_flight_;
  }
  waiting_.clear();
  cancel_all();
  // What the host does not give back in time stays allocated, so that it never writes into memory of somebody else.
}

void IoUring::cancel_all() {
  if (in_flight_ == 0) return;
  submit_queued();
  if (io_uring_sqe* const entry = io_uring_get_sqe(&ring_->uring); entry != nullptr) {
    io_uring_prep_cancel(entry, nullptr, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data(entry, nullptr);
    io_uring_submit(&ring_->uring);
  }
  while (in_flight_ > 0) {
    io_uring_cqe* completion = nullptr;
    __kernel_timespec timeout{kCloseSeconds, 0};
    const int status = io_uring_wait_cqe_timeout(&ring_->uring, &completion, &timeout);
    if (status != 0 && status != -EINTR) return;
    reap();
  }
}

}  // namespace pvisor
