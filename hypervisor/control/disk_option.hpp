// SPDX-License-Identifier: MIT
// The value of --disk, and the names of virtual disks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/domain_spec.hpp"

namespace pvisor {

/// FILE[,ro|,rw][,shared][,vdev=xvdb][,cache=direct][,sector=4096]; a comma in FILE is written twice. Throws HostError::usage naming `place`.
[[nodiscard]] DiskSpec parse_disk_option(std::string_view place, std::string_view text);

/// Refuses a disk that is shared and read-only.
void check_shared(std::string_view place, const DiskSpec& disk);

/// The name as it is if the guest ABI has such a disk; else throws HostError::usage naming `place`.
[[nodiscard]] std::string check_vdev(std::string_view place, std::string_view vdev);

/// Gives each disk without a name the first free one, in order. Throws HostError::usage naming `place` if two disks have
/// the same.
void assign_vdevs(std::string_view place, std::vector<DiskSpec>& disks);

}  // namespace pvisor
