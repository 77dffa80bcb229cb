// SPDX-License-Identifier: MIT
// Vdev: a guest's name for a disk and the number that Xen gives it ("xvda" is 51712). The number names the device in
// xenstore and orders the disks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pvisor {

struct Vdev {
  std::string name;
  std::uint32_t number = 0;

  /// From xvda, xvdb, ... xvdz, xvdaa, ..., sda to sdp, hda to hdd, each with an optional partition number behind it.
  /// Throws HostError (usage) that says what would be right.
  [[nodiscard]] static Vdev parse(std::string_view name);
  /// The index-th disk: 0 is xvda.
  [[nodiscard]] static Vdev nth(std::size_t index);
  bool operator==(const Vdev&) const = default;
};

}  // namespace pvisor
