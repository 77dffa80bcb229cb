// SPDX-License-Identifier: MIT
#include "devices/block/block_backend.hpp"

#include <utility>

#include <pvabi/io/blkif.h>

#include "base/escape.hpp"
#include "core/domain.hpp"
#include "core/monitor.hpp"

namespace pvisor {
namespace {

/// A guest can break its ring as often as it likes; the log has an end.
constexpr std::uint32_t kMaxLogLines = 10;

XenbusBackend::Nodes backend_nodes(const Vdev& vdev, const DiskImage& image) {
  const bool read_only = image.is_read_only();
  XenbusBackend::Nodes nodes{
      {"dev", vdev.name},
      {"device-type", "disk"},
      {"type", "raw"},
      {"removable", "0"},
      {"bootable", "1"},
      {"mode", read_only ? "r" : "w"},
      {"feature-flush-cache", "1"},
      {"feature-max-indirect-segments", std::to_string(kMaxIndirectSegments)},
      {"sectors", std::to_string(image.sectors())},
      {"sector-size", std::to_string(image.sector_size())},
      {"physical-sector-size", std::to_string(image.physical_sector_size())},
      {"info", std::to_string(read_only ? PV_VDISK_READONLY : 0)},
  };
  if (!read_only) {
    nodes.emplace_back("feature-discard", "1");
    nodes.emplace_back("discard-granularity", std::to_string(image.discard_granularity()));
    nodes.emplace_back("discard-alignment", "0");
    nodes.emplace_back("discard-secure", "0");
  }
  return nodes;
}

}  // namespace

BlockBackend::BlockBackend(const BlockServices& services, Vdev vdev, std::shared_ptr<DiskImage> image)
    : services_(services), vdev_(std::move(vdev)), image_(std::move(image)) {}

BlockBackend::~BlockBackend() { detach(); }

void BlockBackend::attach(Domain& domain) {
  attach(Guest{domain.id(), domain.grants(), domain.events(), domain.monitor().work()});
}

void BlockBackend::attach(const Guest& guest) {
  detach();
  guest_.emplace(guest);
  if (xenbus_ == nullptr) {
    xenbus_ = std::make_unique<XenbusBackend>(services_.store, XenbusName{"vbd", guest.id, vdev_.number},
                                              static_cast<XenbusDriver&>(*this));
  }
  xenbus_->attach(backend_nodes(vdev_, *image_),
                  {{"virtual-device", std::to_string(vdev_.number)}, {"device-type", "disk"}});
}

void BlockBackend::detach() {
  if (xenbus_ != nullptr) xenbus_->detach();
  guest_.reset();
}

std::optional<std::string> BlockBackend::connect() {
  if (auto error = check_negotiation()) return error;
  const auto ring = xenbus_->frontend_number("ring-ref");
  if (!ring) return "ring-ref is missing or no number";
  const auto port = xenbus_->frontend_number("event-channel");
  if (!port) return "event-channel is missing or no number";
  std::string error;
  connection_ = BlockConnection::open({guest_->id, guest_->grants, guest_->events, guest_->work, services_.io,
                                       services_.ring_pages, image_, [this](const char* why) { broken(why); }},
                                      GrantRef(*ring), Port(*port), error);
  if (connection_ == nullptr) return error;
  return std::nullopt;
}

void BlockBackend::disconnect() { connection_.reset(); }

std::optional<std::string> BlockBackend::check_negotiation() {
  const auto protocol = xenbus_->frontend_node("protocol");
  if (protocol && *protocol != "x86_64-abi") return "protocol '" + escaped(*protocol, 32) + "' is not x86_64-abi";
  // Rings of several pages are not offered; whoever uses them anyway would disagree about where an entry lies.
  for (const char* const key : {"ring-page-order", "num-ring-pages"}) {
    if (xenbus_->frontend_node(key)) return std::string(key) + " is not offered: the ring is one page";
  }
  return std::nullopt;
}

void BlockBackend::broken(const char* why) {
  log("domain " + std::to_string(guest_->id.value()) + ": disk " + vdev_.name + " switched off: " + why);
  xenbus_->fail(why);
}

void BlockBackend::log(const std::string& line) {
  if (!services_.log || lines_logged_ >= kMaxLogLines) return;
  ++lines_logged_;
  services_.log(line);
}

}  // namespace pvisor
