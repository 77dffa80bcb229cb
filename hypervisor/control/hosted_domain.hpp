// SPDX-License-Identifier: MIT
// HostedDomain: what the toolstack keeps of one described domain while guests come and go in it: its console, its disks, its
// interfaces, and how it ended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "control/domain_spec.hpp"
#include "control/host_file.hpp"
#include "core/ids.hpp"
#include "devices/block/disk_image.hpp"
#include "devices/console/console.hpp"
#include "devices/console/console_device.hpp"
#include "devices/net/net_interface.hpp"

namespace pvisor {

struct HostedDomain {
  DomainSpec spec;
  Engine* engine = nullptr;
  std::optional<HostFile> kernel;         ///< or the boot loader
  std::optional<HostFile> ramdisk;        ///< or the menu given from the host
  Console* console = nullptr;             ///< the toolstack's Consoles own it
  std::vector<std::shared_ptr<DiskImage>> images;  ///< shared with back ends and requests; in the order of spec.disks
  std::vector<std::unique_ptr<NetInterface>> interfaces;  ///< in the order of spec.nets

  std::optional<DomainId> id;             ///< while a guest exists
  ConsoleDevice* device = nullptr;        ///< while a guest exists; owned by its domain
  std::uint64_t started_ns = 0;           ///< just before the guest's first instruction
  std::optional<std::uint64_t> loaded_ns; ///< how long the boot loader then ran, once a kernel has been chain-loaded
  bool in_loader = false;                 ///< the boot loader runs, no kernel has been chain-loaded yet
  bool is_over = false;                   ///< no guest will come again; a preserved one may still be there
  bool is_preserved = false;
};

}  // namespace pvisor
