// SPDX-License-Identifier: MIT
// BlockBackend: a disk of a domain. Shows itself in xenstore as a vbd, connects when the front end is ready, survives
// disconnects, reconnects and chain-loads. The data path is BlockConnection's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/device.hpp"
#include "core/event_channels.hpp"
#include "core/grant_table.hpp"
#include "core/work_queue.hpp"
#include "devices/block/block_connection.hpp"
#include "devices/block/disk_image.hpp"
#include "devices/block/vdev.hpp"
#include "devices/io/block_io.hpp"
#include "devices/ring_pages.hpp"
#include "devices/xenbus_backend.hpp"
#include "xenstore/store.hpp"

namespace pvisor {

/// What all disks of the monitor share; outlives them.
struct BlockServices {
  Store& store;
  BlockIo& io;
  RingPages& ring_pages;
  std::function<void(const std::string& line)> log;  ///< what the operator should see; may be empty
};

class BlockBackend final : public DomainDevice, private XenbusDriver {
 public:
  /// The parts of a domain that the disk works with, while it is attached.
  struct Guest {
    DomainId id;
    GrantTable& grants;
    EventChannels& events;
    WorkQueue& work;
  };

  BlockBackend(const BlockServices& services, Vdev vdev, std::shared_ptr<DiskImage> image);
  ~BlockBackend() override;

  void attach(Domain& domain) override;
  void attach(const Guest& guest);
  void detach() override;

  [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }

 private:
  [[nodiscard]] std::optional<std::string> connect() override;
  void disconnect() override;
  [[nodiscard]] std::optional<std::string> check_negotiation();
  void broken(const char* why);
  void log(const std::string& line);

  BlockServices services_;
  Vdev vdev_;
  std::shared_ptr<DiskImage> image_;  ///< shared with requests in flight
  std::optional<Guest> guest_;
  std::unique_ptr<XenbusBackend> xenbus_;
  std::unique_ptr<BlockConnection> connection_;
  std::uint32_t lines_logged_ = 0;
};

}  // namespace pvisor
