// SPDX-License-Identifier: MIT
#include "devices/block/block_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace pvisor {

/// A transfer, flush or discard on its way through BlockIo. It holds everything that the host may touch: the pages (spans), the
/// grants, the file.
class BlockConnection::Transfer final : public IoRequest {
 public:
  Transfer(std::shared_ptr<Link> link, std::shared_ptr<DiskImage> image) : link_(std::move(link)), image_(std::move(image)) {
    fd = image_->fd();
  }

  /// Takes the granted pages into use; all of them or none.
  [[nodiscard]] bool take_grants(GrantTable& grants, const BlockTransfer& transfer) {
    const auto access = transfer.direction == BlockDirection::FromDisk ? FrameAccess::ReadWrite : FrameAccess::ReadOnly;
    for (const BlockSegment& segment : transfer.segments) {
      std::int16_t status = 0;
      auto use = grants.use(segment.grant, kMonitorDomain, access, status);
      auto span = use ? use->pin(segment.offset, segment.length) : std::nullopt;
      if (!span) {
        give_back_grants();
        return false;
      }
      uses_.push_back(std::move(*use));
      spans.push_back(std::move(*span));
    }
    return true;
  }

  void complete(std::unique_ptr<IoRequest> self, std::int64_t result) override {
    [[maybe_unused]] IoRequest* const same = self.release();
    std::unique_ptr<Transfer> mine(this);
    give_back_grants();
    DiskLoad& load = image_->load();
    --load.in_flight;
    if (load.held_back != nullptr) std::exchange(load.held_back, nullptr)->post();
    if (kind == IoKind::Flush && result < 0) image_->set_flush_failed();  // also when nobody waits for it any more
    const std::int16_t status = status_of(result);
    image_->statistics().count(kind, length, status == PV_BLKIF_RSP_OKAY);
    BlockConnection* const connection = link_->connection;
    if (connection == nullptr) return;
    if (kind == IoKind::Flush) {
      connection->flush_ended(std::move(mine), status == PV_BLKIF_RSP_OKAY);
    } else {
      connection->transfer_ended(std::move(mine), status);
    }
  }

  std::uint64_t id = 0;
  std::uint8_t operation = 0;
  std::uint64_t length = 0;  ///< bytes of a transfer or discard

 private:
  [[nodiscard]] std::int16_t status_of(std::int64_t result) const {
    const auto ok_if = [](bool good) { return static_cast<std::int16_t>(good ? PV_BLKIF_RSP_OKAY : PV_BLKIF_RSP_ERROR); };
    switch (kind) {
      case IoKind::Read:
      // Fewer bytes: the file ends earlier than it did when it was opened.
      case IoKind::Write: return ok_if(result >= 0 && static_cast<std::uint64_t>(result) == length);
      case IoKind::Flush: return ok_if(!image_->flush_failed());
      // Not every file system can, nor every device with the promise of zeros.
      case IoKind::Discard: return result == -EOPNOTSUPP ? std::int16_t{PV_BLKIF_RSP_EOPNOTSUPP} : ok_if(result == 0);
    }
    return PV_BLKIF_RSP_ERROR;
  }
  void give_back_grants() {
    spans.clear();  // pins first: a grant that is no longer in use has no pinned page
    uses_.clear();
  }

  std::shared_ptr<Link> link_;
  std::shared_ptr<DiskImage> image_;
  std::vector<GrantUse> uses_;
};

std::unique_ptr<BlockConnection> BlockConnection::open(const BlockSetup& setup, GrantRef ring, Port port, std::string& error) {
  auto claimed = claim_ring(setup.grants, setup.ring_pages, setup.domain, ring, "ring-ref", error);
  if (!claimed) return nullptr;
  auto back_ring = Ring::attach(claimed->use.page());
  if (!back_ring) {
    error = "the indices in the ring contradict each other";
    return nullptr;
  }
  std::unique_ptr<BlockConnection> connection(new BlockConnection(setup, std::move(*claimed), std::move(*back_ring)));
  connection->channel_ = setup.events.bind_backend(port, [work = &connection->work_] { work->post(); });
  if (connection->channel_ == nullptr) {
    error = "event-channel " + std::to_string(port.value()) + " is no port allocated for domain 0";
    return nullptr;
  }
  connection->work_.post();  // requests may have come before us
  return connection;
}

BlockConnection::BlockConnection(const BlockSetup& setup, ClaimedRing claimed, Ring ring)
    : setup_(setup),
      limits_{setup.image->sectors(), setup.image->is_read_only(), setup.image->sector_size()},
      claimed_(std::move(claimed)),
      ring_(std::move(ring)),
      link_(std::make_shared<Link>(Link{this})),
      work_(setup.work, [this] { run(); }) {}

BlockConnection::~BlockConnection() {
  link_->connection = nullptr;
  if (setup_.image->load().held_back == &work_) setup_.image->load().held_back = nullptr;
}

void BlockConnection::run() {
  if (!drain()) {
    const auto on_broken = setup_.on_broken;  // a copy: it may destroy us
    return on_broken("the ring's request index is impossible");
  }
  if (ring_.publish()) channel_->notify();
}

bool BlockConnection::drain() {
  std::uint32_t budget = kBudget;
  while (budget > 0) {
    DiskLoad& load = setup_.image->load();
    if (load.in_flight >= kMaxInFlight) {
      load.held_back = &work_;
      return true;
    }
    auto ready = ring_.pending();
    if (ready == 0U) ready = ring_.final_check();
    if (!ready) return false;
    if (*ready == 0) return true;
    const std::uint32_t count = std::min({*ready, budget, kMaxInFlight - load.in_flight});
    budget -= count;
    for (std::uint32_t i = 0; i < count; ++i) start(decode_block_request(ring_.take(), limits_, segment_room_));
  }
  work_.post();
  return true;
}

void BlockConnection::start(const BlockRequest& request) {
  const auto* const indirect = std::get_if<BlockIndirect>(&request.action);
  const BlockAction action = indirect != nullptr ? fetch_segments(*indirect) : request.action;
  if (const auto* transfer = std::get_if<BlockTransfer>(&action)) return start_transfer(request, *transfer);
  if (const auto* discard = std::get_if<BlockDiscard>(&action)) return start_discard(request, *discard);
  if (std::holds_alternative<BlockFlush>(action)) return start_flush(request);
  refuse(request, std::get<BlockReject>(action).status);
}

/// One copy of the page, which is the guest's again before its content is looked at.
BlockAction BlockConnection::fetch_segments(const BlockIndirect& indirect) {
  std::array<pv_blkif_request_segment, kMaxIndirectSegments> copy;
  const auto segments = std::span(copy).first(indirect.count);
  std::int16_t status = 0;
  const auto page = setup_.grants.use(indirect.page, kMonitorDomain, FrameAccess::ReadOnly, status);
  if (!page || !page->copy_in(0, std::as_writable_bytes(segments))) return BlockReject{};
  return decode_indirect_segments(indirect, segments, limits_, segment_room_);
}

void BlockConnection::start_transfer(const BlockRequest& request, const BlockTransfer& transfer) {
  auto work = idle_transfer();
  if (!work->take_grants(setup_.grants, transfer)) {
    idle_.push_back(std::move(work));
    return refuse(request, PV_BLKIF_RSP_ERROR);
  }
  work->kind = transfer.direction == BlockDirection::FromDisk ? IoKind::Read : IoKind::Write;
  work->offset = transfer.offset;
  work->length = transfer.length;
  work->id = request.id;
  work->operation = request.operation;
  submit(std::move(work));
}

void BlockConnection::start_flush(const BlockRequest& request) {
  if (setup_.image->cache() == DiskCache::Unsafe) return respond(request.id, request.operation, PV_BLKIF_RSP_OKAY);
  if (setup_.image->flush_failed()) return respond(request.id, request.operation, PV_BLKIF_RSP_ERROR);
  waiting_flushes_.push_back({request.id, request.operation});
  if (flushing_.empty()) submit_flush();
}

void BlockConnection::start_discard(const BlockRequest& request, const BlockDiscard& discard) {
  auto work = idle_transfer();
  work->kind = IoKind::Discard;
  work->offset = discard.offset;
  work->discard_length = work->length = discard.length;
  work->id = request.id;
  work->operation = request.operation;
  submit(std::move(work));
}

void BlockConnection::submit_flush() {
  flushing_.swap(waiting_flushes_);
  auto work = idle_transfer();
  work->kind = IoKind::Flush;
  work->offset = work->length = 0;
  submit(std::move(work));
}

void BlockConnection::submit(std::unique_ptr<Transfer> transfer) {
  ++setup_.image->load().in_flight;
  setup_.io.submit(std::move(transfer));
}

void BlockConnection::transfer_ended(std::unique_ptr<Transfer> transfer, std::int16_t status) {
  respond(transfer->id, transfer->operation, status);
  idle_.push_back(std::move(transfer));
  work_.post();
}

void BlockConnection::flush_ended(std::unique_ptr<Transfer> transfer, bool ok) {
  idle_.push_back(std::move(transfer));
  const auto answer_all = [&](std::vector<Asker>& askers) {
    for (const Asker& asker : askers) respond(asker.id, asker.operation, ok ? PV_BLKIF_RSP_OKAY : PV_BLKIF_RSP_ERROR);
    askers.clear();
  };
  answer_all(flushing_);
  if (!ok) answer_all(waiting_flushes_);
  if (!waiting_flushes_.empty()) submit_flush();
  work_.post();
}

void BlockConnection::refuse(const BlockRequest& request, std::int16_t status) {
  ++setup_.image->statistics().refused;
  respond(request.id, request.operation, status);
}

void BlockConnection::respond(std::uint64_t id, std::uint8_t operation, std::int16_t status) {
  pv_blkif_response response;
  std::memset(&response, 0, sizeof(response));  // the padding goes to the guest, too
  response.id = id;
  response.operation = operation;
  response.status = status;
  ring_.push_response(response);
}

std::unique_ptr<BlockConnection::Transfer> BlockConnection::idle_transfer() {
  if (idle_.empty()) return std::make_unique<Transfer>(link_, setup_.image);
  auto transfer = std::move(idle_.back());
  idle_.pop_back();
  return transfer;
}

}  // namespace pvisor
