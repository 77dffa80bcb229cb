// SPDX-License-Identifier: MIT
// BlockConnection: one connected ring of a block device. Takes requests, moves data between the file and the guest's pages,
// answers. Lives from connect to disconnect; requests in flight may outlive it and are then dropped at their end.
//
// What happens to a request: doorbell or completion -> work item -> take() a copy -> decode (an indirect one: copy its segments,
// decode again) -> all grants or none -> BlockIo -> complete() on the reactor's thread -> grants given back -> response -> publish, one notification for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pvabi/io/blkif.h>

#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/ids.hpp"
#include "core/work_queue.hpp"
#include "devices/block/block_request.hpp"
#include "devices/block/disk_image.hpp"
#include "devices/claimed_ring.hpp"
#include "devices/io/block_io.hpp"
#include "devices/ring.hpp"
#include "devices/ring_pages.hpp"

namespace pvisor {

/// What a connection needs of its guest and of the monitor; all of it outlives the connection.
struct BlockSetup {
  DomainId domain;
  GrantTable& grants;
  EventChannels& events;
  WorkQueue& work;
  BlockIo& io;
  RingPages& ring_pages;
  std::shared_ptr<DiskImage> image;  ///< shared with requests in flight
  std::function<void(const char* why)> on_broken;  ///< the ring is unusable; may destroy the connection
};

class BlockConnection {
 public:
  /// Requests taken in one run of the work item.
  static constexpr std::uint32_t kBudget = 64;
  /// Requests of one disk with the host at a time: a ringful, and as many of connections before. A front end that connects again
  /// and again to a slow disk waits for what it left behind.
  static constexpr std::uint32_t kMaxInFlight = 2 * PV_BLKIF_RING_ENTRIES;

  /// Takes ring and port into use. Nothing, and `error` says why in one line, if the guest's numbers are no good.
  [[nodiscard]] static std::unique_ptr<BlockConnection> open(const BlockSetup& setup, GrantRef ring, Port port,
                                                             std::string& error);
  ~BlockConnection();
  BlockConnection(const BlockConnection&) = delete;
  BlockConnection& operator=(const BlockConnection&) = delete;

 private:
  using Ring = BackRing<pv_blkif_request, pv_blkif_response>;
  class Transfer;
  /// What requests in flight know of us: null once we are gone.
  struct Link {
    BlockConnection* connection;
  };
  /// Whom a flush answers.
  struct Asker {
    std::uint64_t id;
    std::uint8_t operation;
  };

  BlockConnection(const BlockSetup& setup, ClaimedRing claimed, Ring ring);
  void run();
  [[nodiscard]] bool drain();
  void start(const BlockRequest& request);
  void start_transfer(const BlockRequest& request, const BlockTransfer& transfer);
  void start_flush(const BlockRequest& request);
  void start_discard(const BlockRequest& request, const BlockDiscard& discard);
  [[nodiscard]] BlockAction fetch_segments(const BlockIndirect& indirect);
  void submit_flush();
  void submit(std::unique_ptr<Transfer> transfer);
  void transfer_ended(std::unique_ptr<Transfer> transfer, std::int16_t status);
  void flush_ended(std::unique_ptr<Transfer> transfer, bool ok);
  void refuse(const BlockRequest& request, std::int16_t status);
  void respond(std::uint64_t id, std::uint8_t operation, std::int16_t status);
  [[nodiscard]] std::unique_ptr<Transfer> idle_transfer();

  BlockSetup setup_;
  DiskLimits limits_;
  BlockSegmentRoom segment_room_;  ///< of the request being started
  ClaimedRing claimed_;
  Ring ring_;
  std::shared_ptr<Link> link_;  ///< shared with requests in flight
  WorkItem work_;
  std::unique_ptr<BackendChannel> channel_;
  std::vector<std::unique_ptr<Transfer>> idle_;  ///< used again, so that a request costs no allocation
  // One fdatasync at a time: of two at once the host tells only one that data was lost.
  std::vector<Asker> flushing_;        ///< answered by the one under way
  std::vector<Asker> waiting_flushes_; ///< answered by the next
};

}  // namespace pvisor
